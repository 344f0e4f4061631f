// Package lostwrite runs the controllers of a Go test under orders of requests that `lostwrite`
// chooses, and fails the test with a drawing if a controller's write is lost. Copy this file into your
// module. It needs client-go.
//
// Each controller gets a *rest.Config of its own, whose port answers a request when the order says so.
// Each execution runs each controller in a process of its own, so that no memory survives from one
// order to the next: this same test binary, run for this one test, in which Check never returns.
package lostwrite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A Controller runs until its context ends: mgr.Start, a loop, one call of Reconcile.
type Controller func(ctx context.Context, config *rest.Config) error

// A Cluster is what a check starts from.
type Cluster struct {
	// CRDs are files of CustomResourceDefinitions, such as ../config/crd/bases/*.yaml.
	CRDs []string
	// Objects exist at the beginning, each with apiVersion and kind: typed, unstructured, or maps.
	Objects []any
	// Controllers by name. The names appear in the drawing.
	Controllers map[string]Controller
	// Workers are modelled workers beside the controllers, as in a scenario file.
	Workers []any
	// Runs is the maximum number of executions. Default: 20.
	Runs int
	// Seed of the random orders that follow the predicted ones.
	Seed uint64
	// LeasesRace makes requests for Leases part of the order: which replica leads is raced for.
	LeasesRace bool
	// Schedule, if set, is the one order to run: the replay line of an earlier failure.
	Schedule string
	// ExpectLoss turns the check round: it fails if no loss is found.
	ExpectLoss bool
	// More are other keys of a scenario file: invariants, stimuli, faults, limits, expect.
	More map[string]any
}

const (
	variableController = "LOSTWRITE_CONTROLLER" // which controller this process runs
	variableFolder     = "LOSTWRITE_FOLDER"     // the folder of the package
	variableProgram    = "LOSTWRITE"            // the program, if it is not in PATH
	variableSchedule   = "LOSTWRITE_SCHEDULE"   // one order to run instead of a check
)

// A controller's process starts in the folder of the package, as the test did.
func init() {
	if folder := os.Getenv(variableFolder); folder != "" {
		_ = os.Chdir(folder)
	}
}

// InController reports whether this process was started to run one controller. TestMain may ask,
// to leave out what only the test itself needs.
func InController() bool { return os.Getenv(variableController) != "" }

var (
	calls     = map[string]int{}
	callsLock sync.Mutex
)

// Check fails the test if an order is found in which a write is lost. A test may call it repeatedly.
func Check(t testing.TB, cluster Cluster) {
	t.Helper()
	callsLock.Lock()
	calls[t.Name()]++
	call := fmt.Sprintf("%s#%d#", t.Name(), calls[t.Name()])
	callsLock.Unlock()
	if wanted, is := os.LookupEnv(variableController); is {
		if name, mine := strings.CutPrefix(wanted, call); mine {
			os.Exit(control(name, cluster.Controllers[name]))
		}
		return
	}
	file := filepath.Join(t.TempDir(), "check.yaml")
	if err := cluster.write(file, t.Name(), call); err != nil {
		t.Fatalf("lostwrite: %v", err)
	}
	program := cmp.Or(os.Getenv(variableProgram), "lostwrite")
	ctx, cancel := context.WithCancel(context.Background())
	if with, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := with.Deadline(); ok {
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-3*time.Second))
		}
	}
	defer cancel()
	command := exec.CommandContext(ctx, program, cluster.arguments(file)...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.Dir = filepath.Dir(file)
	said, err := command.CombinedOutput()
	switch code := command.ProcessState.ExitCode(); {
	case command.ProcessState == nil:
		t.Fatalf("lostwrite: %v\ninstall it, or name the program in %s", err, variableProgram)
	case code == 0:
		t.Logf("\n%s", said)
	case code == 1 && cluster.ExpectLoss:
		t.Errorf("no order was found that loses a write, and one was expected\n%s", said)
	case code == 1:
		t.Errorf("a write is lost\n%s\n  to run this order alone, with the schedule of the replay line:\n"+
			"  %s=SCHEDULE go test -run '%s'", said, variableSchedule, pattern(t.Name()))
	default:
		t.Fatalf("lostwrite ended with %d: %v\n%s", code, ctx.Err(), said)
	}
}

func (c Cluster) arguments(file string) []string {
	if schedule := cmp.Or(c.Schedule, os.Getenv(variableSchedule)); schedule != "" {
		return []string{"replay", file, "--allow-run", "--schedule", schedule}
	}
	runs, seed := strconv.Itoa(cmp.Or(c.Runs, 20)), strconv.FormatUint(c.Seed, 10)
	return []string{"check", file, "--allow-run", "--runs", runs, "--seed", seed}
}

// write writes the file that `lostwrite check` reads; JSON is YAML.
func (c Cluster) write(file, test, call string) error {
	program, err := os.Executable()
	folder, err2 := os.Getwd()
	if err = errors.Join(err, err2); err != nil {
		return err
	}
	workers := slices.Clone(c.Workers)
	for _, name := range slices.Sorted(maps.Keys(c.Controllers)) {
		workers = append(workers, map[string]any{
			"name": name,
			"run":  []string{program, "-test.run=" + pattern(test), "-test.timeout=0", "-test.count=1"},
			"env":  map[string]string{variableController: call + name, variableFolder: folder},
		})
	}
	crds := []string{}
	for _, path := range c.CRDs {
		path, _ = filepath.Abs(path)
		found, _ := filepath.Glob(path)
		if len(found) == 0 {
			return fmt.Errorf("there is no CRD at %s", path)
		}
		crds = append(crds, found...)
	}
	document := map[string]any{
		"apiVersion": "lostwrite.dev/v1alpha1", "kind": "Scenario",
		"metadata": map[string]any{"name": "go-test"},
		"crds":     crds, "objects": slices.Concat([]any{}, c.Objects), "workers": workers,
	}
	if c.LeasesRace {
		document["leases"] = "race"
	}
	if c.ExpectLoss {
		document["expect"] = "lost"
	}
	maps.Copy(document, c.More)
	text, err := json.Marshal(document)
	return errors.Join(err, os.WriteFile(file, text, 0o600))
}

// pattern is what -test.run needs to find this test alone.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for at, part := range parts {
		parts[at] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// control runs one controller in this process, and returns its exit code.
func control(name string, controller Controller) int {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err == nil {
		// The order decides when a request is answered; the client's own limits would only add time.
		config.QPS, config.UserAgent = -1, name
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = controller(ctx, config)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}
