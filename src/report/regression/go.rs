//! A losing schedule as a Go test with nothing but the standard library.
//!
//! Next to read: `plan.rs`.

use super::plan::{Plan, TestRequest};
use crate::apiserver::Step;

pub fn render(plan: &Plan, file: &str) -> String {
    let name: String = plan
        .name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect();
    let (victim, culprit) = (one_line(&plan.victim), one_line(&plan.culprit));
    let mut calls = String::new();
    for call in &plan.calls {
        calls += &one(call);
    }
    let steps: Vec<String> = plan.steps.iter().map(step).collect();
    HEAD.replace("@file@", &one_line(file))
        .replace("@victim@", &victim)
        .replace("@field@", &one_line(&plan.field))
        .replace("@culprit@", &culprit)
        .replace("@name@", &name)
        .replace("@path@", &string(&plan.path))
        .replace("@lost@", &string(&format!("{victim} wrote {} and lost it", plan.field)))
        .replace("@steps@", &steps.join(", "))
        .replace("@want@", &string(&plan.want.clone().unwrap_or_default().to_string()))
        .replace("@calls@", calls.trim_end())
        .replace("@objects@", &string(&plan.manifest()))
}

const HEAD: &str = r#"// Written by lostwrite from @file@: the order in which @victim@ loses
// @field@ to @culprit@.
//
// It needs lostwrite on the PATH (or LOSTWRITE), and fails as long as the write is lost. Put what
// your mended controller sends in the place of the requests of @culprit@.

package lostwrite_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func Test@name@(t *testing.T) {
	server := serve(t)
	// Each: number, code, method, path, content type, body.
@calls@

	var want any
	if err := json.Unmarshal([]byte(@want@), &want); err != nil {
		t.Fatal(err)
	}
	object := server.request(0, 200, "GET", @path@, "", "")
	if found := find(object, @steps@); !reflect.DeepEqual(found, want) {
		t.Fatalf("%s: it is %v, not %v", @lost@, found, want)
	}
}

type server struct {
	t       *testing.T
	url     string
	answers map[int]map[string]any
}

func serve(t *testing.T) *server {
	program := os.Getenv("LOSTWRITE")
	if program == "" {
		program = "lostwrite"
	}
	objects := filepath.Join(t.TempDir(), "objects.json")
	if err := os.WriteFile(objects, []byte(objectsOfTest), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "serve", "--any-namespace", "-f", objects)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	return &server{t: t, url: url, answers: map[int]map[string]any{}}
}

// request fills in what earlier answers told: @rv3@ is the resourceVersion of answer 3.
func (s *server) request(number, code int, method, path, contentType, body string) map[string]any {
	s.t.Helper()
	for known, answer := range s.answers {
		metadata, _ := answer["metadata"].(map[string]any)
		for hole, field := range map[string]string{"rv": "resourceVersion", "uid": "uid"} {
			value, _ := metadata[field].(string)
			body = strings.ReplaceAll(body, fmt.Sprintf("@%s%d@", hole, known), value)
		}
	}
	request, err := http.NewRequest(method, s.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode != code {
		s.t.Fatalf("request %d: %d instead of %d: %s", number, response.StatusCode, code, text)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatal(err)
	}
	s.answers[number] = answer
	return answer
}

// find follows keys, indices and {key, value} pairs that name an entry of a list.
func find(at any, steps ...any) any {
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			fields, _ := at.(map[string]any)
			at = fields[step]
		case int:
			items, _ := at.([]any)
			if step >= len(items) {
				return nil
			}
			at = items[step]
		case [2]string:
			items, _ := at.([]any)
			at = nil
			for _, item := range items {
				if fields, _ := item.(map[string]any); fields[step[0]] == step[1] {
					at = item
				}
			}
		}
	}
	return at
}

const objectsOfTest = @objects@
"#;

fn one(call: &TestRequest) -> String {
    format!(
        "\t// {}\n\tserver.request({}, {}, \"{}\", {}, {}, {})\n",
        one_line(&call.comment()),
        call.number,
        call.code,
        call.method,
        string(&call.path),
        string(call.content_type),
        string(call.body.as_deref().unwrap_or_default())
    )
}

/// A literal of Go: raw where that is possible, as JSON is full of quotes.
fn string(text: &str) -> String {
    let raw = !text.contains(['`', '\r', '\u{feff}']) && text.contains('"');
    match raw && !text.chars().any(char::is_control) {
        true => format!("`{text}`"),
        false => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn step(step: &Step) -> String {
    match step {
        Step::Key(key) => string(key),
        Step::Index(at) => at.to_string(),
        Step::Entry { key, value } => format!("[2]string{{{}, {}}}", string(key), string(value)),
    }
}
