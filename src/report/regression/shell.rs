//! A losing schedule as a shell script with curl and jq.
//!
//! Next to read: `plan.rs`.

use serde_json::Value;

use super::plan::{Plan, TestRequest};
use crate::apiserver::Step;

pub fn render(plan: &Plan, file: &str) -> String {
    let mut text = format!(
        "#!/bin/sh\n# Written by lostwrite from {}: the order in which {} loses {} to {}.\n\
         # It needs curl, jq and lostwrite, and fails as long as the write is lost. Put what your\n\
         # mended controller sends in the place of the requests of {}.\nset -eu\n\n",
        one_line(file),
        one_line(&plan.victim),
        one_line(&plan.field),
        one_line(&plan.culprit),
        one_line(&plan.culprit)
    );
    text += &HEAD.replace("@raw@", &plan.manifest());
    for call in &plan.calls {
        text += &one(call);
    }
    let filter = filter(&plan.steps);
    let want = plan.want.clone().unwrap_or_default();
    text += &format!(
        "\n# At the end the write is there.\nfound=$(curl -sS \"$url\"{} | jq -c {})\n\
         want=$(printf '%s' {} | jq -c .)\n\
         if [ \"$found\" != \"$want\" ]; then\n  echo {} >&2\n  exit 1\nfi\necho {}\n",
        quoted(&plan.path),
        quoted(&filter),
        quoted(&want.to_string()),
        lost(plan),
        quoted("ok: the write is there"),
    );
    text
}

fn lost(plan: &Plan) -> String {
    let (victim, field) = (one_line(&plan.victim), one_line(&plan.field));
    format!("{}\"$found\"", quoted(&format!("LOST: {victim} wrote {field}, and it is ")))
}

const HEAD: &str = r#"work=$(mktemp -d)
cat > "$work/objects.json" <<'OBJECTS'
@raw@
OBJECTS
: > "$work/ready"
"${LOSTWRITE:-lostwrite}" serve --any-namespace -f "$work/objects.json" \
  > "$work/ready" 2> "$work/said" &
server=$!
trap 'kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
url=
for _ in $(seq 100); do
  url=$(sed -n 's/^ready //p' "$work/ready")
  [ -n "$url" ] && break
  sleep 0.1
done
[ -n "$url" ] || { cat "$work/said" >&2; exit 2; }

# request NUMBER CODE METHOD PATH TYPE BODY: the answer is kept as its number.
request() {
  body=$6
  for known in "$work"/answer-*; do
    [ -e "$known" ] || continue
    number=${known##*-}
    rv=$(jq -r '.metadata.resourceVersion // ""' "$known")
    uid=$(jq -r '.metadata.uid // ""' "$known")
    body=$(printf '%s' "$body" | sed "s/@rv$number@/$rv/g; s/@uid$number@/$uid/g")
  done
  if [ "$3" = GET ]; then
    code=$(curl -sS -o "$work/answer-$1" -w '%{http_code}' "$url$4")
  else
    code=$(printf '%s' "$body" | curl -sS -o "$work/answer-$1" -w '%{http_code}' -X "$3" \
      -H "Content-Type: $5" --data-binary @- "$url$4")
  fi
  if [ "$code" != "$2" ]; then
    echo "request $1 was answered $code instead of $2:" >&2
    cat "$work/answer-$1" >&2
    exit 2
  fi
}

"#;

fn one(call: &TestRequest) -> String {
    let arguments = [&call.path, call.content_type, call.body.as_deref().unwrap_or_default()];
    let arguments: Vec<String> = arguments.iter().map(|text| quoted(text)).collect();
    format!(
        "# {}\nrequest {} {} {} {}\n",
        one_line(&call.comment()),
        call.number,
        call.code,
        call.method,
        arguments.join(" ")
    )
}

/// A word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The steps as jq says them; what is not there is null.
fn filter(steps: &[Step]) -> String {
    let mut text = String::from(".");
    for step in steps {
        text += &match step {
            Step::Key(key) => format!(" | .[{}]?", Value::from(key.as_str())),
            Step::Index(at) => format!(" | .[{at}]?"),
            Step::Entry { key, value } => format!(
                " | (first(.[]? | select(.[{}]? == {})) // null)",
                Value::from(key.as_str()),
                Value::from(value.as_str())
            ),
        };
    }
    text
}
