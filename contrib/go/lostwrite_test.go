package lostwrite

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

// adds reads a ConfigMap and adds a finalizer of its own by a merge patch.
func adds(finalizer string, locked bool) Controller {
	return func(_ context.Context, config *rest.Config) error {
		url := config.Host + "/api/v1/namespaces/default/configmaps/shared"
		answer, err := http.Get(url)
		if err != nil {
			return err
		}
		var object struct {
			Metadata struct {
				ResourceVersion string
				Finalizers      []string
			}
		}
		if err := json.NewDecoder(answer.Body).Decode(&object); err != nil {
			return err
		}
		metadata := map[string]any{"finalizers": append(object.Metadata.Finalizers, finalizer)}
		if locked {
			metadata["resourceVersion"] = object.Metadata.ResourceVersion
		}
		body, _ := json.Marshal(map[string]any{"metadata": metadata})
		request, _ := http.NewRequest(http.MethodPatch, url, strings.NewReader(string(body)))
		request.Header.Set("content-type", "application/merge-patch+json")
		answer, err = http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		fmt.Println(config.UserAgent, answer.StatusCode)
		return nil
	}
}

func two(locked bool) Cluster {
	return Cluster{
		Objects: []any{map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]string{"name": "shared", "namespace": "default"},
		}},
		Controllers: map[string]Controller{"a": adds("x.io/a", locked), "b": adds("x.io/b", locked)},
		Runs:        6,
	}
}

// said is a test whose failures are kept.
type said struct {
	testing.TB
	errors, fatals, logs string
}

func (s *said) Helper()                        {}
func (s *said) Errorf(text string, all ...any) { s.errors += fmt.Sprintf(text, all...) }
func (s *said) Logf(text string, all ...any)   { s.logs += fmt.Sprintf(text, all...) }
func (s *said) Fatalf(text string, all ...any) { s.fatals += fmt.Sprintf(text, all...) }

func TestALossFailsTheTestWithTheDrawingAndItsScheduleRepeatsIt(t *testing.T) {
	first := &said{TB: t}
	Check(first, two(false))
	for _, needle := range []string{"a write is lost", "LOST", "replay   1.", "LOSTWRITE_SCHEDULE=", "| a 200"} {
		// In a controller's process the first call returns, and this goes on to the second.
		if !InController() && !strings.Contains(first.errors, needle) {
			t.Fatalf("%q is missing in:\n%s%s%s", needle, first.errors, first.fatals, first.logs)
		}
	}
	_, schedule, _ := strings.Cut(first.errors, "replay   ")
	schedule, _, _ = strings.Cut(schedule, "\n")
	again, cluster := &said{TB: t}, two(false)
	cluster.Schedule = schedule
	Check(again, cluster)
	if !strings.Contains(again.errors, "LOST") {
		t.Fatalf("the replay of %s shows no loss:\n%s%s", schedule, again.fatals, again.logs)
	}
}

func TestSubtests(t *testing.T) {
	t.Run("with a lock (409)", func(t *testing.T) {
		it := &said{TB: t}
		Check(it, two(true))
		if it.errors+it.fatals != "" || !strings.Contains(it.logs, "nothing found in 6 executions") {
			t.Fatalf("%s%s%s", it.errors, it.fatals, it.logs)
		}
	})
	t.Run("an expected loss that is not there", func(t *testing.T) {
		it, cluster := &said{TB: t}, two(true)
		cluster.ExpectLoss, cluster.Runs = true, 2
		Check(it, cluster)
		if !strings.Contains(it.errors, "one was expected") {
			t.Fatalf("%s%s%s", it.errors, it.fatals, it.logs)
		}
	})
}

func TestWhatCannotRunIsFatal(t *testing.T) {
	for what, change := range map[string]func(*Cluster){
		"nowhere/*.yaml":                  func(it *Cluster) { it.CRDs = []string{"nowhere/*.yaml"} },
		"install it, or name the program": func(*Cluster) { t.Setenv("LOSTWRITE", "/no/such/program") },
	} {
		it, cluster := &said{TB: t}, two(false)
		change(&cluster)
		fatal := make(chan struct{})
		go func() { defer close(fatal); defer func() { _ = recover() }(); Check(it, cluster) }()
		<-fatal
		if !strings.Contains(it.fatals, what) {
			t.Errorf("%q is missing in %q", what, it.fatals)
		}
	}
}

func TestMain(m *testing.M) {
	if InController() {
		// The working folder is the package's, as in the test itself.
		if _, err := os.Stat("lostwrite.go"); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
