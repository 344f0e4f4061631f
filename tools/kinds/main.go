// Command kinds writes src/apiserver/schema/builtin/kinds.txt: for every struct that a built-in
// kind is made of, each field's JSON name, type, protobuf number, list type, merge key and
// default. It reads the struct tags of the public Go modules of Kubernetes by reflection, and the
// list types from the apply schema that client-go carries as a text.
//
//	cd tools/kinds && go run . > ../../src/apiserver/schema/builtin/kinds.txt
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/yaml"
)

// The served groups and versions. A kind is served when src/apiserver/builtin/ has a row for it.
var versions = []string{
	"/v1", "apps/v1", "batch/v1", "autoscaling/v1", "autoscaling/v2", "policy/v1",
	"rbac.authorization.k8s.io/v1", "networking.k8s.io/v1", "coordination.k8s.io/v1",
	"events.k8s.io/v1", "storage.k8s.io/v1", "admissionregistration.k8s.io/v1",
	"discovery.k8s.io/v1", "certificates.k8s.io/v1", "scheduling.k8s.io/v1", "node.k8s.io/v1",
	"flowcontrol.apiserver.k8s.io/v1", "authorization.k8s.io/v1", "authentication.k8s.io/v1",
	"apiregistration.k8s.io/v1", "apiextensions.k8s.io/v1",
}

// Structs of metav1 that are read and written for themselves.
var metas = []any{
	meta.ObjectMeta{}, meta.ListMeta{}, meta.DeleteOptions{}, meta.Status{},
	meta.PartialObjectMetadata{},
}

// Types with an encoding of their own, by the word that stands for them.
var words = map[reflect.Type]string{
	reflect.TypeOf(meta.Time{}):            "time",
	reflect.TypeOf(meta.MicroTime{}):       "microtime",
	reflect.TypeOf(resource.Quantity{}):    "quantity",
	reflect.TypeOf(intstr.IntOrString{}):   "intstr",
	reflect.TypeOf(runtime.RawExtension{}): "any",
	reflect.TypeOf(meta.FieldsV1{}):        "any",
	reflect.TypeOf(apiextensions.JSON{}):   "any",
	// Recursive: a schema is carried as a value without a type.
	reflect.TypeOf(apiextensions.JSONSchemaProps{}): "any",
}

func main() {
	log.SetFlags(0)
	must(apiregistration.AddToScheme(scheme.Scheme))
	must(apiextensions.AddToScheme(scheme.Scheme))
	table := &table{structs: map[string]*structure{}, schema: applySchema(), markers: map[string]markers{}}
	for _, value := range metas {
		table.add(reflect.TypeOf(value))
	}
	served := map[schema.GroupVersion]bool{}
	for _, version := range versions {
		gv, err := schema.ParseGroupVersion(strings.TrimPrefix(version, "/"))
		must(err)
		served[gv] = true
	}
	var roots []reflect.Type
	for kind, goType := range scheme.Scheme.AllKnownTypes() {
		_, isObject := goType.FieldByName("ObjectMeta")
		if served[kind.GroupVersion()] && isObject {
			roots = append(roots, goType)
		}
	}
	sort.Slice(roots, func(a, b int) bool { return nameOf(roots[a]) < nameOf(roots[b]) })
	for _, root := range roots {
		table.add(root)
	}
	table.write()
}

type structure struct {
	goType reflect.Type
	atomic bool
	lines  []string
}

type table struct {
	structs map[string]*structure
	order   []string
	schema  map[string]applyType
	markers map[string]markers
}

// A struct's name in the table: bare in core and meta, else after its group: `apps.Deployment`.
func nameOf(goType reflect.Type) string {
	group, version := groupOf(goType)
	switch {
	case group == "core" || group == "meta":
		return goType.Name()
	case version == "v1":
		return group + "." + goType.Name()
	default:
		return group + "." + version + "." + goType.Name()
	}
}

func groupOf(goType reflect.Type) (string, string) {
	parts := strings.Split(goType.PkgPath(), "/")
	return parts[len(parts)-2], parts[len(parts)-1]
}

func (t *table) add(goType reflect.Type) string {
	name := nameOf(goType)
	if known, found := t.structs[name]; found {
		if known.goType != goType {
			log.Fatalf("two structs are called %s", name)
		}
		return name
	}
	made := &structure{goType: goType}
	t.structs[name] = made
	t.order = append(t.order, name)
	apply := t.applyTypeOf(goType)
	made.atomic = apply.Map != nil && apply.Map.ElementRelationship == "atomic"
	t.fields(made, goType, "", apply)
	return name
}

// The fields of a struct; those of one that is inlined in JSON come with the numbers of both.
func (t *table) fields(into *structure, goType reflect.Type, prefix string, apply applyType) {
	for i := range goType.NumField() {
		field := goType.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		number := prefix + protobufNumber(field)
		if tag[0] == "" || tag[0] == "-" {
			inlined := field.Type
			if inlined.Kind() == reflect.Pointer {
				inlined = inlined.Elem()
			}
			if tag[0] == "-" || inlined == reflect.TypeOf(meta.TypeMeta{}) {
				continue
			}
			if number == prefix {
				log.Fatalf("%s.%s is inlined and has no number", into.goType, field.Name)
			}
			t.fields(into, inlined, number+".", apply)
			continue
		}
		if number == prefix {
			number += "0" // Not in protobuf.
		}
		line := []string{tag[0], t.typeWord(field.Type), number}
		if !contains(tag, "omitempty") && !contains(tag, "omitzero") {
			line = append(line, "kept")
		}
		if contains(tag, "omitzero") {
			line = append(line, "omitzero")
		}
		line = append(line, t.applyFlags(goType, field, tag[0], apply)...)
		line = append(line, patchFlags(field)...)
		into.lines = append(into.lines, strings.Join(line, " "))
	}
}

func contains(words []string, word string) bool {
	for _, other := range words {
		if other == word {
			return true
		}
	}
	return false
}

func protobufNumber(field reflect.StructField) string {
	parts := strings.Split(field.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func patchFlags(field reflect.StructField) []string {
	var flags []string
	for _, strategy := range strings.Split(field.Tag.Get("patchStrategy"), ",") {
		switch strategy {
		case "merge":
			key := field.Tag.Get("patchMergeKey")
			if key != "" {
				key = "(" + key + ")"
			}
			flags = append(flags, "merge"+key)
		case "retainKeys":
			flags = append(flags, "retain")
		case "", "replace":
		default:
			log.Fatalf("%s: unknown patch strategy %s", field.Name, strategy)
		}
	}
	return flags
}

// The word of a type. A named type is followed by its Go name, as decoding errors print it.
func (t *table) typeWord(goType reflect.Type) string {
	if word, found := words[goType]; found {
		return word
	}
	switch goType.Kind() {
	case reflect.Pointer:
		return "*" + t.typeWord(goType.Elem())
	case reflect.Struct:
		return t.add(goType)
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return named("["+t.typeWord(goType.Elem())+"]", goType)
	case reflect.Map:
		return named("<"+t.typeWord(goType.Elem())+">", goType)
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64:
		return named(goType.Kind().String(), goType)
	}
	log.Fatalf("no word for %s", goType)
	return ""
}

func named(word string, goType reflect.Type) string {
	if goType.PkgPath() == "" {
		return word
	}
	return word + ":" + goType.String()
}

// What server-side apply knows.
type applyType struct {
	Name string
	Map  *applyMap
}

type applyMap struct {
	ElementRelationship string
	Fields              []applyField
}

type applyField struct {
	Name    string
	Default any
	Type    struct {
		ElementRelationship string
		List                *applyList
		Map                 *applyMap
	}
}

type applyList struct {
	ElementRelationship string
	Keys                []string
}

// The text in client-go's internal package, which no other module can import.
func applySchema() map[string]applyType {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "k8s.io/client-go/applyconfigurations").Output()
	must(err)
	path := filepath.Join(strings.TrimSpace(string(out)), "internal", "internal.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	must(err)
	var text string
	ast.Inspect(file, func(node ast.Node) bool {
		literal, isLiteral := node.(*ast.BasicLit)
		if isLiteral && strings.HasPrefix(literal.Value, "`types:") {
			text = strings.Trim(literal.Value, "`")
		}
		return text == ""
	})
	var parsed struct{ Types []applyType }
	must(yaml.Unmarshal([]byte(text), &parsed))
	types := map[string]applyType{}
	for _, one := range parsed.Types {
		types[one.Name] = one
	}
	return types
}

var packages = regexp.MustCompile(`/`)

func (t *table) applyTypeOf(goType reflect.Type) applyType {
	path := strings.Replace(goType.PkgPath(), "k8s.io/", "io.k8s.", 1)
	return t.schema[packages.ReplaceAllString(path, ".")+"."+goType.Name()]
}

func (t *table) applyFlags(goType reflect.Type, field reflect.StructField, name string, apply applyType) []string {
	if apply.Map == nil {
		return t.markersOf(goType)[field.Name].flags()
	}
	var flags []string
	for _, known := range apply.Map.Fields {
		if known.Name != name {
			continue
		}
		if list := known.Type.List; list != nil && list.ElementRelationship == "associative" {
			flags = append(flags, listFlag(list.Keys))
		}
		inner := known.Type.Map
		if known.Type.ElementRelationship == "atomic" || inner != nil && inner.ElementRelationship == "atomic" {
			flags = append(flags, "atomic")
		}
		switch known.Default.(type) {
		case nil, map[string]any:
		default:
			text, err := json.Marshal(known.Default)
			must(err)
			flags = append(flags, "="+string(text))
		}
	}
	return flags
}

func listFlag(keys []string) string {
	if len(keys) == 0 {
		return "set"
	}
	return "map(" + strings.Join(keys, ",") + ")"
}

// Comment markers, for the structs that client-go's schema does not have.
type markers map[string]marker

type marker struct {
	list string
	keys []string
}

func (m marker) flags() []string {
	switch m.list {
	case "map", "set":
		return []string{listFlag(m.keys)}
	}
	return nil
}

func (t *table) markersOf(goType reflect.Type) markers {
	key := goType.PkgPath() + "." + goType.Name()
	if found, known := t.markers[key]; known {
		return found
	}
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", goType.PkgPath()).Output()
	must(err)
	set, err := parser.ParseDir(token.NewFileSet(), strings.TrimSpace(string(out)), nil, parser.ParseComments)
	must(err)
	for _, pkg := range set {
		ast.Inspect(pkg, func(node ast.Node) bool {
			spec, isType := node.(*ast.TypeSpec)
			if !isType {
				return true
			}
			if body, isStruct := spec.Type.(*ast.StructType); isStruct {
				t.markers[goType.PkgPath()+"."+spec.Name.Name] = fieldMarkers(body)
			}
			return false
		})
	}
	return t.markers[key]
}

func fieldMarkers(body *ast.StructType) markers {
	found := markers{}
	for _, field := range body.Fields.List {
		if field.Doc == nil || len(field.Names) == 0 {
			continue
		}
		var one marker
		for _, comment := range field.Doc.List {
			text := strings.TrimSpace(strings.TrimPrefix(comment.Text, "//"))
			if value, isList := strings.CutPrefix(text, "+listType="); isList {
				one.list = value
			}
			if value, isKey := strings.CutPrefix(text, "+listMapKey="); isKey {
				one.keys = append(one.keys, value)
			}
		}
		found[field.Names[0].Name] = one
	}
	return found
}

const head = `# The structs of the built-in kinds, one per paragraph; read by data.rs.
#
# Generated from the Go modules of Kubernetes %s: see tools/kinds/main.go.
#
# A line is: field, type, protobuf number, flags. Types: string bool int32 int64 bytes time
# microtime quantity intstr any, a struct's name, [T] a list, <T> a map, *T a pointer (its
# zero value is kept); after a colon, the Go name of a named type. A number with a dot is that of a
# message in between, which JSON does not have; 0 is not in protobuf.
# Flags: kept (written even when empty), omitzero (left out when all of it is empty), map(k,k) and
# set (list types), merge(k) and merge (patch strategy), retain (retainKeys), atomic (a map owned
# as a whole), =v (default).
`

func (t *table) write() {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "k8s.io/api").Output()
	must(err)
	to := bufio.NewWriter(os.Stdout)
	defer to.Flush()
	fmt.Fprintf(to, head, strings.Replace(strings.TrimSpace(string(out)), "v0.", "v1.", 1))
	sort.Strings(t.order)
	for _, name := range t.order {
		one := t.structs[name]
		atomic := ""
		if one.atomic {
			atomic = " atomic"
		}
		fmt.Fprintf(to, "\n%s%s\n", name, atomic)
		for _, line := range one.lines {
			fmt.Fprintf(to, "  %s\n", line)
		}
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
