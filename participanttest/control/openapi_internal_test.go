// SPDX-License-Identifier: Apache-2.0

package control

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/strictjson"
	"github.com/participant-go/connectparticipant/participanttest"
)

// document is what the tests read of openapi.json.
type document struct {
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas map[string]schema
	}
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Enum                 []string
	Properties           map[string]schema
	AdditionalProperties any // false, or a schema
	Required             []string
	Items                *schema
	Examples             []json.RawMessage
}

type operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Parameters  []struct {
		Ref  string `json:"$ref"`
		Name string
	}
	RequestBody struct {
		Required bool
		Content  map[string]struct{ Schema schema }
	}
	Responses map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct{ Schema schema }
	}
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	require.NoError(t, json.Unmarshal(openAPI, &d))
	return d
}

func (d document) resolve(t *testing.T, s schema) schema {
	t.Helper()
	if s.Ref == "" {
		return s
	}
	name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
	require.Contains(t, d.Components.Schemas, name)
	return d.Components.Schemas[name]
}

func TestDocumentHasEveryRouteAndNoOther(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	var have, want []string
	for path, item := range d.Paths {
		for method := range item {
			if method != "parameters" {
				have = append(have, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for _, r := range routes {
		want = append(want, r.method+" "+r.path)
	}
	require.ElementsMatch(t, want, have)
}

func TestDocumentDescribesEachRoute(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	ids := map[string]bool{}
	for _, r := range routes {
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			item := d.Paths[r.path]
			var o operation
			require.NoError(t, json.Unmarshal(item[strings.ToLower(r.method)], &o))
			require.NotEmpty(t, o.Summary)
			require.NotEmpty(t, o.OperationID)
			require.False(t, ids[o.OperationID], "two routes have the operationId")
			ids[o.OperationID] = true

			var labels []string
			for _, label := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.path, -1) {
				labels = append(labels, "#/components/parameters/"+label[1])
			}
			require.Equal(t, labels, refs(t, item["parameters"]))

			var header, query []string
			for _, p := range o.Parameters {
				if p.Ref != "" {
					header = append(header, p.Ref)
				} else {
					query = append(query, p.Name)
				}
			}
			require.Equal(t, !isSafe(r.method), slices.Equal(header, []string{"#/components/parameters/Control"}))
			in, hasBody := o.RequestBody.Content["application/json"]
			if isSafe(r.method) {
				require.False(t, hasBody)
				require.ElementsMatch(t, members(r.in), query)
			} else if r.in != reflect.TypeFor[empty]() {
				require.True(t, hasBody)
				require.Equal(t, len(d.resolve(t, in.Schema).Required) > 0, o.RequestBody.Required)
				d.requireFits(t, "request", in.Schema, r.in)
				require.ElementsMatch(t, d.resolve(t, in.Schema).Required, required(r.in))
			} else {
				require.False(t, hasBody)
			}
			require.Equal(t, "#/components/responses/Error", o.Responses["default"].Ref)
			if r.out != nil {
				d.requireFits(t, "response", o.Responses["200"].Content["application/json"].Schema, r.out)
			}
		})
	}
}

func refs(t *testing.T, text json.RawMessage) (refs []string) {
	t.Helper()
	var parameters []schema
	if text != nil {
		require.NoError(t, json.Unmarshal(text, &parameters))
	}
	for _, p := range parameters {
		refs = append(refs, p.Ref)
	}
	return refs
}

// requireFits compares a schema with a Go type, both ways and all the way down.
func (d document) requireFits(t *testing.T, at string, s schema, typ reflect.Type) {
	t.Helper()
	s = d.resolve(t, s)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch typ {
	case reflect.TypeFor[json.RawMessage]():
		require.Equal(t, "object", s.Type, at)
		return
	case reflect.TypeFor[time.Time](), reflect.TypeFor[[]byte]():
		require.Equal(t, "string", s.Type, at)
		return
	case reflect.TypeFor[participanttest.Effect]():
		require.Equal(t, "object", s.Type, at) // its members have a separate test
		return
	}
	require.Equal(t, jsonType(typ), s.Type, at)
	switch typ.Kind() {
	case reflect.Slice:
		d.requireFits(t, at+"[]", *s.Items, typ.Elem())
	case reflect.Struct:
		require.Equal(t, false, s.AdditionalProperties, at)
		require.ElementsMatch(t, members(typ), slices.Collect(maps.Keys(s.Properties)), at)
		require.Subset(t, members(typ), s.Required, at)
		for name, property := range s.Properties {
			field, _ := typ.FieldByName(name)
			d.requireFits(t, at+"."+name, property, field.Type)
		}
	}
}

func jsonType(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	default:
		return "integer"
	}
}

// members are the exported fields, those of embedded structs too.
func members(typ reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(typ) {
		if f.IsExported() && !f.Anonymous {
			names = append(names, f.Name)
		}
	}
	return names
}

// required are the members without which a request is refused.
func required(typ reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(typ) {
		if f.Tag.Get("strict") == "required" {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestDocumentHasNoUnusedSchema(t *testing.T) {
	t.Parallel()
	for name := range readDocument(t).Components.Schemas {
		require.Contains(t, string(openAPI), `"#/components/schemas/`+name+`"`)
	}
}

// The API must accept the examples, so that they can be copied.
func TestExamplesOfTheDocumentAreAccepted(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	tried := 0
	for _, r := range routes {
		if r.method != post || r.in == reflect.TypeFor[empty]() {
			continue
		}
		var o operation
		require.NoError(t, json.Unmarshal(d.Paths[r.path]["post"], &o))
		examples := d.resolve(t, o.RequestBody.Content["application/json"].Schema).Examples
		require.NotEmpty(t, examples, r.path)
		for _, example := range examples {
			in := reflect.New(r.in)
			require.NoError(t, strictjson.Unmarshal(example, in.Interface(), ""), r.path)
			tried++
		}
	}
	require.Positive(t, tried)
}

func TestDocumentNamesThePlacesAndEffectsOfFaults(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	require.ElementsMatch(t, participanttest.FaultPlaces(), d.Components.Schemas["Fault"].Properties["On"].Enum)
	effects := d.Components.Schemas["Effect"]
	for _, name := range effects.Properties["Name"].Enum {
		var e participanttest.Effect
		err := json.Unmarshal([]byte(`{"Name":"`+name+`"}`), &e)
		if err != nil {
			require.NotContains(t, err.Error(), "is not one of")
		}
	}
	var e participanttest.Effect
	err := json.Unmarshal([]byte(`{"Name":"?"}`), &e)
	for _, name := range strings.FieldsFunc(regexp.MustCompile(`not one of (.*)`).FindStringSubmatch(err.Error())[1], func(r rune) bool { return r == ',' || r == ' ' }) {
		require.Contains(t, effects.Properties["Name"].Enum, name)
	}
}

// Every member of participanttest must be available here.
func TestInputsHaveTheMembersOfParticipanttest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ours, theirs reflect.Type
		renamed      map[string]string
	}{
		{reflect.TypeFor[chatInput](), reflect.TypeFor[participanttest.ChatOptions](), map[string]string{
			"ProcessingDelay": "ProcessingDelayInSeconds", "RehydrationDelay": "RehydrationDelayInSeconds", "ScanDelay": "ScanDelayInSeconds",
			"Duration": "DurationInSeconds",
		}},
		{reflect.TypeFor[timeoutsInput](), reflect.TypeFor[participanttest.Timeouts](), map[string]string{
			"Idle": "IdleInSeconds", "AutoDisconnect": "AutoDisconnectInSeconds",
		}},
		{reflect.TypeFor[faultInput](), reflect.TypeFor[participanttest.Fault](), map[string]string{"Contact": "ContactId", "Participant": "ParticipantId"}},
		{reflect.TypeFor[viewInput](), reflect.TypeFor[participanttest.View](), map[string]string{"ID": "Id", "ARN": "Arn"}},
		{reflect.TypeFor[connectionOutput](), reflect.TypeFor[participanttest.Connection](), map[string]string{"URL": "Url"}},
		{reflect.TypeFor[requestOutput](), reflect.TypeFor[participanttest.Request](), map[string]string{"ContactID": "ContactId", "ParticipantID": "ParticipantId"}},
		{reflect.TypeFor[wireEventOutput](), reflect.TypeFor[participanttest.WireEvent](), map[string]string{"ContactID": "ContactId", "ParticipantID": "ParticipantId", "URL": "Url"}},
	} {
		var want []string
		for _, name := range members(c.theirs) {
			if other, ok := c.renamed[name]; ok {
				name = other
			}
			want = append(want, name)
		}
		require.ElementsMatch(t, want, members(c.ours), c.theirs)
	}
}
