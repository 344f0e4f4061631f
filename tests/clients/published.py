#!/usr/bin/env python3
"""Published projects against `lostwrite serve`, by a real kubectl: published.py samples|releases PROGRAM
KUBECTL WORK [PROJECT...]. `projects` beside this file lists them. A line per project, `ok` or `FAIL`, and
a table in Markdown at the end.

samples: the definitions are applied, then every document of the sample files. No sample changes another: two
objects of one name go to two servers. Documents that no cluster is meant to see are left out: templates,
kustomizations, settings of other programs, assertions of test frameworks, patches without a name.
releases: each release is given to `kubectl apply -f` as it is, client-side and server-side.

A refusal that a cluster gives too is listed in `refused` beside this file, with its reason. Any other is
printed, and the project fails.
"""
import pathlib, re, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).parent
# Objects that programs read from files: no API server has such a resource.
NOT_RESOURCES = re.compile(r"(kustomize\.config|config\.jobset\.x|config\.kubernetes|kind\.x)\S*k8s\.io|chainsaw\.kyverno\.io|kuttl\.dev|helm\.sh")


def rows(name, separator, columns):
    lines = (HERE / name).read_text().splitlines()
    return [line.split(separator, columns - 1) for line in lines if line.strip() and not line.startswith("#")]


class Server:
    def __init__(self, program, work, *flags):
        self.config = work / "published.kubeconfig"
        self.config.unlink(missing_ok=True)
        command = [program, "serve", "--listen", "127.0.0.1:0", "--kubeconfig", self.config, *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not (self.config.exists() and self.config.stat().st_size):
            if self.process.poll() is not None:
                sys.exit("FAIL serve: it ended")
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def kubectl(self, *arguments):
        """How many objects were stored, and the refusals."""
        with tempfile.TemporaryDirectory() as cache:
            command = [KUBECTL, "--kubeconfig", self.config, "--cache-dir", cache, *arguments]
            run = subprocess.run(command, capture_output=True, text=True)
        done = re.findall(r"(?m) (?:created|configured|unchanged|serverside-applied)$", run.stdout)
        # Several causes of one refusal are several lines.
        errors = re.sub(r"\n\* ", " ", run.stderr).replace("ensure CRDs are installed first", "")
        return len(done), [line for line in errors.splitlines() if re.search(r"[a-z]", line) and not line.startswith("Warning:")]


def fetch(repository, commit, paths, work):
    """The YAML files under `paths` of that commit, in the order of their names."""
    bare = work / "projects" / repository.replace("/", "+")
    if not bare.exists():
        subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
    git = ["git", "--git-dir", bare]
    if subprocess.run([*git, "cat-file", "-e", commit], stderr=subprocess.DEVNULL).returncode:
        subprocess.run([*git, "fetch", "--quiet", "--depth", "1", f"https://github.com/{repository}", commit], check=True)
    listed = subprocess.run([*git, "ls-tree", "-r", "--name-only", commit, *paths.split(",")], check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if not re.search(r"\.ya?ml$", name) or "/templates/" in name or re.search(r"[-/](assert|error)[^/]*$", name):
            continue
        shown = subprocess.run([*git, "show", f"{commit}:{name}"], capture_output=True, text=True)
        if shown.returncode:
            print(f"     {repository}: this copy of the repository does not have {name}")
        else:
            yield name, shown.stdout


def documents(text):
    """The documents of a file that are objects: kind, apiVersion, namespace, name, generateName, text."""
    for part in re.split(r"(?m)^---[ \t]*(?:#.*)?\r?$", text):
        def top(key):
            found = re.search(rf"(?m)^{key}:[ \t]*['\"]?([^\s'\"#]+)", part)
            return found and found.group(1)
        metadata = re.search(r"(?m)^metadata:[^\n]*\n?((?:[ \t]+[^\n]*\n?|[ \t]*\n|#[^\n]*\n)*)", part)
        def inner(key):
            found = re.search(rf"(?m)^(?:  |    |metadata:.*?[{{, ]){key}:[ \t]*['\"]?([^\s'\",#}}]+)", metadata.group(0) if metadata else "")
            return found and found.group(1)
        if top("kind") and top("apiVersion"):
            yield top("kind"), top("apiVersion"), inner("namespace"), inner("name"), inner("generateName"), part


def objects(repository, commit, paths, work):
    """Sample documents, and how many were left out."""
    kept, left = [], 0
    for name, text in fetch(repository, commit, paths, work) if paths != "-" else []:
        for kind, version, namespace, named, generated, part in documents(text):
            template = re.search(r"(?m)^\s*(- )?\{\{", part)
            if template or NOT_RESOURCES.match(version) or not (named or generated):
                left += 1
            else:
                kept.append((f"{repository}/{name}", (version.split("/")[0], kind, namespace, named), part))
    return kept, left


def apply(samples, folder, definitions, program, work):
    """How many were stored, and the refusals with their files."""
    rounds = []
    for name, key, part in samples:
        one = next((one for one in rounds if key not in one or not key[3]), None)
        if one is None:
            rounds.append(one := {})
        one[key if key[3] else (key, len(one))] = (name, part)
    stored, told = 0, []
    for number, one in enumerate(rounds):
        files = {}
        with Server(program, work, "--any-namespace", "--crd", definitions) as server:
            for verb in ["apply", "create"]:
                here = folder / f"{number}-{verb}"
                here.mkdir(parents=True)
                for index, (key, (name, part)) in enumerate(one.items()):
                    generated = isinstance(key[0], tuple)
                    if (verb == "create") == generated:
                        (here / f"{index}.yaml").write_text(part)
                        files[str(index)] = name
                        if not generated:
                            files[(key[1], key[3])] = name
                if any(here.iterdir()):
                    done, errors = server.kubectl(verb, "-f", here)
                    stored += done
                    for error in errors:
                        place = re.search(r"(\d+)\.yaml", error)
                        one_only = re.match(r'The (\S+) "(.*?)" is invalid', error)
                        name = files.get(place.group(1)) if place else files.get(one_only.groups()) if one_only else None
                        told.append((name or "", re.sub(r'"\S*/\d+\.yaml"', "FILE", error)))
    return stored, told


def samples(project, sources, program, work, folder):
    definitions, good, bad, left = [], [], [], 0
    for repository, commit, crds, paths, wrong, _ in sources:
        for _, text in fetch(repository, commit, crds, work):
            definitions += [part for kind, *_, part in documents(text) if kind == "CustomResourceDefinition"]
        kept, out = objects(repository, commit, paths, work)
        good, left = good + kept, left + out
        bad += objects(repository, commit, wrong, work)[0]
    file = folder / "definitions.yaml"
    file.write_text("\n---\n".join(definitions))
    with Server(program, work) as server:
        loaded, told = server.kubectl("apply", "--server-side", "-f", file)
    told = [("", error) for error in told]
    distinct = list({part.strip(): (name, key, part) for name, key, part in reversed(good)}.values())[::-1]
    stored, more = apply(distinct, folder / "samples", file, program, work)
    foreign = [line for line in more if "no matches for kind" in line[1]]
    told += [line for line in more if line not in foreign]
    accepted = apply(bad, folder / "invalid", file, program, work)[0] if bad else 0
    return {
        "definitions": (loaded, len(definitions)),
        "samples": (stored, len(distinct) - len(foreign)),
        "meant to be refused": (len(bad) - accepted, len(bad)),
    }, told, [str(len(foreign)), str(left)]


def releases(project, sources, program, work, folder):
    files, count = [], 0
    for repository, commit, *_, paths in sources:
        for path in paths.split(","):
            for name, text in fetch(repository, commit, path, work):
                count += len(list(documents(text)))
                (folder / f"{len(files):03}.yaml").write_text(text)
                files.append(name)
    counted, told = {}, []
    for way, flags in [("client-side", []), ("server-side", ["--server-side"])]:
        with Server(program, work) as server:
            done, errors = server.kubectl("apply", *flags, "-f", folder)
        counted[way] = (done, count)
        told += [(way, error) for error in errors]
    return counted, told, []


def main():
    global KUBECTL
    what, program, KUBECTL, work, *only = sys.argv[1:]
    work = pathlib.Path(work)
    known = rows("refused", "\t", 3)
    projects = {}
    for project, *source in rows("projects", None, 7):
        if (source[5] != "-" if what == "releases" else source[2] != "-") and (not only or project in only):
            projects.setdefault(project, []).append(source)
    table = []
    for project, sources in projects.items():
        folder = work / "published" / what / project
        subprocess.run(["rm", "-rf", folder])
        folder.mkdir(parents=True)
        counted, told, cells = globals()[what](project, sources, program, work, folder)
        reasons, unknown = {}, []
        for where, text in told:
            reason = next((why for of, pattern, why in known if of in ("*", project) and re.search(pattern, f"{where} {text}")), None)
            if reason:
                reasons[reason] = reasons.get(reason, 0) + 1
            else:
                unknown.append(f"{where}: {text}")
        missing = sum(all - done for done, all in counted.values())
        good = not unknown and missing <= sum(reasons.values())
        text = ", ".join(f"{key} {done} of {all}" for key, (done, all) in counted.items() if all)
        print(f"{'ok  ' if good else 'FAIL'} {what} of {project}: {text}", *unknown, sep="\n     ", flush=True)
        pairs = [f"{done} of {all}" if all else "" for done, all in counted.values()]
        commits = ", ".join(f"`{source[1][:9]}`" for source in sources)
        why = "; ".join(f"{why} ({count})" for why, count in sorted(reasons.items()))
        table.append(" | ".join([f"| {project}", commits, *pairs, *cells, why + " |"]))
    print("", *table, sep="\n")


main()
