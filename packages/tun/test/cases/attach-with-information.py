# Attaches a descriptor without IFF_NO_PI, and gives it to a process of Node that reports what tunFromFd says.
import fcntl, os, struct, sys

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001

tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22s", b"pi0", IFF_TUN, b""))
os.set_inheritable(tun, True)
adopt = os.path.join(os.path.dirname(__file__), "adopt-and-report.mjs")
os.execv(sys.argv[1], [sys.argv[1], adopt, str(tun)])
