# Three hosts: client ─ edge ─ internet
for host in client edge internet; do ip netns add $host; ip -n $host link set lo up; done
ip link add eth0 netns client type veth peer name wg0 netns edge
ip link add up0 netns edge type veth peer name eth0 netns internet
ip -n client addr add 10.64.0.2/24 dev eth0
ip -n edge addr add 10.64.0.1/24 dev wg0
ip -n edge addr add 203.0.113.2/24 dev up0
ip -n internet addr add 203.0.113.1/24 dev eth0
ip -n client link set eth0 up
ip -n edge link set wg0 up
ip -n edge link set up0 up
ip -n internet link set eth0 up
ip -n client route add default via 10.64.0.1
ip -n edge route add default via 203.0.113.1
ip -n internet route add 198.51.100.10 via 203.0.113.2

# A server on the internet that answers with the source it saw
ip netns exec internet node -e "require('http').createServer((q, r) =>
  r.end(q.socket.remoteAddress + ':' + q.socket.remotePort + '\n')).listen(80, '0.0.0.0')" &

# fish on the edge
ip netns exec edge fishd check --config fish.yaml
ip netns exec edge fishd run --config fish.yaml > fishd.log &
until grep -q '"msg":"ready"' fishd.log; do sleep 0.1; done

# The client
ip netns exec client curl --silent http://203.0.113.1/
