package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// record is one line of a Unicode file: the code points it speaks of, and the fields behind them.
type record struct {
	first, last rune
	property    string // instead of code points, in PropertyValueAliases.txt
	fields      []string
}

// versionLine is how a file says its version: "# Scripts-15.0.0.txt" or "# Version: 15.0.0".
var versionLine = regexp.MustCompile(`^# (?:\w+-|Version: )(\d+\.\d+\.\d+)`)

// readRecords reads a file in the format of the Unicode Character Database (UAX #44 §4.2). It has to
// be of the version that the unicode package knows: names are lowercased and normalised by that one.
func readRecords(dir, name string) (records []record, err error) {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	version := ""
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if found := versionLine.FindStringSubmatch(line); found != nil && version == "" {
			version = found[1]
		}
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) == "" {
			continue
		}
		r, err := parseRecord(line)
		if err != nil {
			return nil, fmt.Errorf("read %s: %q: %w", name, line, err)
		}
		records = append(records, r)
	}
	if version != unicode.Version {
		return nil, fmt.Errorf("%s is of Unicode %q, this Go of %s", name, version, unicode.Version)
	}
	return records, lines.Err()
}

func parseRecord(line string) (r record, err error) {
	fields := strings.Split(line, ";")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	r.fields = fields[1:]
	first, last, several := strings.Cut(fields[0], "..")
	if !several {
		last = first
	}
	if r.first, err = parseRune(first); err != nil {
		r.property = fields[0]
		return r, nil
	}
	r.last, err = parseRune(last)
	return r, err
}

func parseRune(hex string) (rune, error) {
	n, err := strconv.ParseUint(hex, 16, 21)
	return rune(n), err
}

// parseRunes reads code points with spaces between them.
func parseRunes(field string) (runes []rune, err error) {
	for hex := range strings.FieldsSeq(field) {
		r, err := parseRune(hex)
		if err != nil {
			return nil, err
		}
		runes = append(runes, r)
	}
	return runes, nil
}
