package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
)

// Objects of one client that stay; the oldest goes when another is made.
const kept = 50

// soak writes for that time, and prints which objects it was told are there, and how often
// it was told that its increment of the shared counter is.
func soak(config *rest.Config, seconds int) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	maps := client.CoreV1().ConfigMaps("default")
	ctx := context.Background()
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var names []string
	added := 0
	for n := 0; time.Now().Before(end); n++ {
		name := fmt.Sprintf("go-%d", n)
		object := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: name}}
		if _, err := maps.Create(ctx, object, meta.CreateOptions{}); err != nil {
			return err
		}
		names = append(names, name)
		if len(names) > kept {
			if err := maps.Delete(ctx, names[0], meta.DeleteOptions{}); err != nil {
				return err
			}
			names = names[1:]
		}
		err := retry.OnError(retry.DefaultBackoff, func(error) bool { return true }, func() error {
			counter, err := maps.Get(ctx, "counter", meta.GetOptions{})
			if err != nil {
				return err
			}
			was, _ := strconv.Atoi(counter.Data["n"])
			counter.Data["n"] = strconv.Itoa(was + 1)
			_, err = maps.Update(ctx, counter, meta.UpdateOptions{})
			return err
		})
		if err == nil {
			added++
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"kept": names, "added": added})
}
