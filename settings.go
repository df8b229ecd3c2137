package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/caarlos0/env/v11"

	"parley/actors"
	"parley/redisbridge"
	"parley/transport"
)

// settings are all that can be set, each by an environment variable. What one means
// stands at its field, for -h; a test holds the table in docs/settings.md equal to it.
type settings struct {
	LogLevel  string `env:"LOG_LEVEL" envDefault:"info" meaning:"trace, debug, info, warn or error"`
	LogFormat string `env:"LOG_FORMAT" meaning:"json or console (default console on a terminal, else json)"`

	Transport transport.Settings
	Redis     redisbridge.Settings
	Actors    actors.Settings
}

// environment makes a map of KEY=value lines.
func environment(lines []string) map[string]string {
	m := make(map[string]string, len(lines))
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		m[name] = value
	}
	return m
}

// parseSettings reads the settings; an error is one line that names the setting.
func parseSettings(environment map[string]string) (settings, error) {
	var s settings
	environment = maps.Clone(environment)
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
		// The library takes the default where there is nothing; a list can be meant to have nothing in it.
		if name := f.Tag.Get("env"); f.Type.Kind() == reflect.Slice && f.Tag.Get("envDefault") != "" {
			if value, set := environment[name]; set && value == "" {
				environment[name] = ","
			}
		}
	})
	err := env.ParseWithOptions(&s, env.Options{Environment: environment})
	var all env.AggregateError
	if errors.As(err, &all) && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	var parse env.ParseError
	if errors.As(err, &parse) {
		name := parse.Name
		eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
			if f.Name == parse.Name {
				name = f.Tag.Get("env")
			}
		})
		return s, fmt.Errorf("%s: not a valid %s", name, parse.Type)
	}
	return s, err
}

// eachSetting tells of the field of every setting, in the order of the fields.
func eachSetting(in reflect.Type, tell func(reflect.StructField)) {
	for field := range in.Fields() {
		if field.Tag.Get("env") != "" {
			tell(field)
		} else if field.Type.Kind() == reflect.Struct {
			eachSetting(field.Type, tell)
		}
	}
}

// usage lists the settings.
func usage(out io.Writer) error {
	_, _ = fmt.Fprint(out, "Parley is a chat server. Its settings come from the environment:\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", f.Tag.Get("env"), f.Tag.Get("envDefault"), f.Tag.Get("meaning"))
	})
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	_, err := fmt.Fprint(out, "\nparley healthcheck exits with 0 if the server on LISTEN_ADDR lives.\n")
	return err
}
