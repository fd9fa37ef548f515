// SPDX-License-Identifier: Apache-2.0

package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/strictjson"
)

type own struct{ text string }

func (o *own) UnmarshalJSON(text []byte) error {
	if string(text) == "0" {
		return errors.New("own error")
	}
	o.text = string(text)
	return nil
}

type embedded struct{ Inner string }

type input struct {
	embedded

	Name    string `strict:"required"`
	Count   *int
	Ratio   float64
	On      bool
	Tags    []string
	Parts   []part
	Bytes   []byte
	Own     own
	Renamed string `json:"Other,omitempty"`
	hidden  string
}

type part struct{ Text string }

func TestUnmarshalReadsEveryType(t *testing.T) {
	t.Parallel()
	var in input
	text := `{"Inner":"i","Name":"n","Count":2,"Ratio":1e3,"On":true,"Tags":["a"],"Parts":[{},{"Text":"p"}],"Bytes":"Yg==","Own":[1],"Other":"o"} `
	require.NoError(t, strictjson.Unmarshal([]byte(text), &in, ""))
	two := 2
	require.Equal(t, input{
		embedded: embedded{"i"}, Name: "n", Count: &two, Ratio: 1000, On: true, Tags: []string{"a"}, Parts: []part{{}, {"p"}},
		Bytes: []byte("b"), Own: own{"[1]"}, Renamed: "o",
	}, in)
	require.Empty(t, in.hidden)
}

func TestUnmarshalRefusesWhatASchemaDoes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                              `the body is JSON that ends too early`,
		`{`:                             `the body is JSON that ends too early`,
		`{"Name"`:                       `Name is JSON that ends too early`,
		`{"Parts":[`:                    `Parts is JSON that ends too early`,
		`{"Name":x}`:                    `Name is invalid JSON: invalid character 'x' looking for beginning of value`,
		`{} {}`:                         `Name is required`,
		`{"Name":""} {}`:                `the body must be one JSON value, without text after it`,
		`null`:                          `the body must be an object, not null`,
		`[]`:                            `the body must be an object, not an array`,
		`{"name":""}`:                   `the body has no member "name", but "Name"`,
		`{"Colour":""}`:                 `the body has no member "Colour"`,
		`{"hidden":""}`:                 `the body has no member "hidden"`,
		`{"Renamed":""}`:                `the body has no member "Renamed"`,
		`{"Name":"","Name":""}`:         `Name is given twice`,
		`{"Name":null}`:                 `Name must be a string, not null`,
		`{"Name":{}}`:                   `Name must be a string, not an object`,
		`{"Count":null}`:                `Count must be a number, not null`,
		`{"Count":1.5}`:                 `Count must be an integer of at most 64 bits, without a fraction or exponent`,
		`{"Count":9223372036854775808}`: `Count must be an integer of at most 64 bits, without a fraction or exponent`,
		`{"Ratio":1e400}`:               `Ratio is too large`,
		`{"On":"true"}`:                 `On must be true or false, not a string`,
		`{"Tags":"a"}`:                  `Tags must be an array, not a string`,
		`{"Tags":[0]}`:                  `Tags[0] must be a string, not a number`,
		`{"Parts":[{},{"Text":1}]}`:     `Parts[1].Text must be a string, not a number`,
		`{"Parts":[{"text":""}]}`:       `Parts[0] has no member "text", but "Text"`,
		`{"Bytes":"!"}`:                 `Bytes must be in Base64`,
		`{"Own":null}`:                  `Own must not be null`,
		`{"Own":0}`:                     `own error`,
		`{"Own":`:                       `Own is JSON that ends too early`,
		`{"Tags":` + strings.Repeat("[", 100_000): `Tags[0] must be a string, not an array`,
		`{"Own":` + strings.Repeat("[", 100_000):  `Own is invalid JSON: invalid character '[' exceeded max depth`,
	} {
		var in input
		require.EqualError(t, strictjson.Unmarshal([]byte(text), &in, ""), want, "%.50s", text)
		require.Equal(t, input{}, in)
	}
	var in input
	require.EqualError(t, strictjson.Unmarshal([]byte(`0`), &in, "Effect"), `Effect must be an object, not a number`)
	require.EqualError(t, strictjson.Unmarshal([]byte(`{"Count":"1"}`), &in, "Effect"), `Effect.Count must be a number, not a string`)
}

// What Unmarshal accepts, encoding/json accepts with the same result.
func FuzzUnmarshal(f *testing.F) {
	f.Add(`{"Name":"n","Count":2,"Parts":[{"Text":"p"}],"Bytes":"Yg==","Own":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var strict, lenient input
		if strictjson.Unmarshal([]byte(text), &strict, "") == nil {
			require.NoError(t, json.Unmarshal([]byte(text), &lenient))
			require.Equal(t, lenient, strict)
		}
	})
}
