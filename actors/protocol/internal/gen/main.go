// Command gen makes the tables by which names are compared, from Unicode's files:
//
//	UNICODE=directory go generate ./actors/protocol
//
// The directory holds, all of the version of Go's unicode package (unicode.Version),
//
//   - confusables.txt of https://www.unicode.org/Public/security/<version>/
//   - Scripts.txt, ScriptExtensions.txt and PropertyValueAliases.txt of
//     https://www.unicode.org/Public/<version>/ucd/
//
// On Debian the first is in the source of the package icu (source/data/unidata), the others are in
// the package unicode-data (/usr/share/unicode).
//
// A new version changes the forms of some names, and with them the keys of their claims: who holds
// such a name has to take it anew.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run reads the files in the directory that is its argument, and writes the tables into the working
// directory.
func run(args []string) error {
	if len(args) != 1 || args[0] == "" {
		return errors.New("where are the files? UNICODE=directory go generate ./actors/protocol")
	}
	confusables, err := readRecords(args[0], "confusables.txt")
	if err != nil {
		return err
	}
	prototypes, err := newPrototypes(confusables)
	if err != nil {
		return err
	}
	if err := write("lookalike_table.go", func(out *bytes.Buffer) { writePrototypes(out, prototypes) }); err != nil {
		return err
	}
	ranges, err := readScripts(args[0])
	if err != nil {
		return err
	}
	return write("scripts_table.go", func(out *bytes.Buffer) { writeScripts(out, ranges) })
}

func readScripts(dir string) ([]scriptRange, error) {
	var files [3][]record
	for i, name := range []string{"Scripts.txt", "ScriptExtensions.txt", "PropertyValueAliases.txt"} {
		var err error
		if files[i], err = readRecords(dir, name); err != nil {
			return nil, err
		}
	}
	return newScriptRanges(files[0], files[1], files[2])
}

func write(name string, content func(*bytes.Buffer)) error {
	var out bytes.Buffer
	out.WriteString(head)
	content(&out)
	source, err := format.Source(out.Bytes())
	if err != nil {
		return fmt.Errorf("format %s: %w", name, err)
	}
	return os.WriteFile(name, source, 0o644)
}
