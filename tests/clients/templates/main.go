// Renders templates as Go's text/template does with the functions of sprig: one JSON object a line comes in, one goes out.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type given struct {
	Template string          `json:"template"`
	Data     json.RawMessage `json:"data"`
}

type made struct {
	Text  string `json:"text"`
	Error string `json:"error,omitempty"`
}

// render keeps numbers as they are written, so that templates meet the same values as those of stages do.
func render(in given) (string, error) {
	parsed, err := template.New("_").Funcs(sprig.TxtFuncMap()).Parse(strings.TrimSpace(in.Template))
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(in.Data))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, data)
	return out.String(), err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var in given
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			panic(err)
		}
		text, err := render(in)
		out := made{Text: text}
		if err != nil {
			out.Error = err.Error()
		}
		if err := answers.Encode(out); err != nil {
			panic(err)
		}
	}
}
