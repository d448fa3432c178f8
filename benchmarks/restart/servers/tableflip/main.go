// The server of the other variants in Go, restarted by tableflip as its documentation shows: Shutdown when the next version is ready.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/cloudflare/tableflip"
)

func handle(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	number, _ := strconv.Atoi(string(body))
	time.Sleep(time.Duration(1+number%5) * time.Millisecond)
	fmt.Fprintf(response, "%d %s", os.Getpid(), body)
}

func main() {
	upgrader, err := tableflip.New(tableflip.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer upgrader.Stop()

	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGUSR2)
		for range signals {
			if err := upgrader.Upgrade(); err != nil {
				log.Println(err)
			}
		}
	}()

	listener, err := upgrader.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(handle)}
	go server.Serve(listener)
	if err := upgrader.Ready(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening %d\n", os.Getpid())

	<-upgrader.Exit()
	bound, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	server.Shutdown(bound)
}
