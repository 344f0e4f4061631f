// Command clients makes the calls that a Go program makes of a cluster, by client-go's typed,
// dynamic and metadata clients and by controller-runtime with leader election, and prints one
// line for each: `ok` or what went wrong. The kubeconfig is its argument.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// What is tried: a name and what has to succeed.
type call struct {
	name string
	try  func(context.Context) error
}

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: clients KUBECONFIG [SECONDS OF SOAK]")
		os.Exit(2)
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	config.QPS, config.Burst = 200, 400
	if len(os.Args) == 3 {
		seconds, err := strconv.Atoi(os.Args[2])
		if err == nil {
			err = soak(config, seconds)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	failed := run("client-go", clientGo(config))
	runtime := controllerRuntime(rest.CopyConfig(config))
	failed += run("controller-runtime", append(runtime, features(rest.CopyConfig(config))...))
	if failed > 0 {
		os.Exit(1)
	}
}

func run(name string, calls []call) int {
	failed := 0
	for _, call := range calls {
		ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		err := call.try(ctx)
		cancel()
		if err != nil {
			failed++
			fmt.Printf("FAIL %s: %s: %v\n", name, call.name, err)
			continue
		}
		fmt.Printf("ok   %s: %s\n", name, call.name)
	}
	fmt.Printf("%s: %d of %d\n", name, len(calls)-failed, len(calls))
	return failed
}
