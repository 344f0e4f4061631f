// Command manager runs one keeper of the example as a program of its own.
package main

import (
	"flag"
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"

	"lostwrite.dev/contrib/go/example"
)

func main() {
	var keeper example.Keeper
	var write string
	flag.StringVar(&keeper.Condition, "condition", "Ready", "the condition to keep")
	flag.StringVar(&write, "write", "merge", "merge, locked or update")
	flag.BoolVar(&keeper.LeaderElection, "leader-elect", false, "lead before working")
	flag.BoolVar(&keeper.Owns, "owns", false, "own a ConfigMap for each Widget")
	flag.BoolVar(&keeper.Cached, "cached", false, "read from the manager's cache")
	flag.DurationVar(&keeper.Measure, "measure", 0, "what passes in a reconcile before it reads")
	flag.Parse()
	keeper.Write = example.Write(write)
	err := keeper.Run(ctrl.SetupSignalHandler(), ctrl.GetConfigOrDie())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
