package main

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSecretThatIsGivenTwiceEndsTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(file, []byte("open-sesame-of-more-than-thirty-two-bytes:1"), 0o600))
	for _, name := range []string{"REDIS_ADDR", "CHAOS_TOKEN", "AUTH_JWT_SECRET"} {
		env := environment([]string{"LISTEN_ADDR=127.0.0.1:0", "ADMIN_ADDR=off", name + "=sesame-of-more-than-thirty-two-bytes:1", name + "_FILE=" + file})
		if err := run(context.Background(), nil, env, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), name+"_FILE") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s ends with: %v", name, err)
		}
	}
}

func TestBadSettingsEndTheStartWithOneLine(t *testing.T) {
	for _, setting := range []string{
		"HISTORY_SIZE=many", "HISTORY_SIZE=-1", "MAX_TEXT_BYTES=0", "LOG_LEVEL=loud", "LOG_FORMAT=xml", "LISTEN_ADDR=nowhere:at:all",
		"REDIS_ADDR=redis", "REDIS_ADDR=redis://user:sesame@:x:y/z", "MAX_CONNECTIONS=-1", "TRUSTED_PROXIES=everywhere", "JOIN_TIMEOUT=soon",
		"AUTH_JWT_SECRET=short", "TLS_CERT_FILE=/nowhere", "FRAME_RATE=-1", "RESERVED_NAMES=system,a:b", "RESERVED_NAMES=a\x00b", "ADMIN_ADDR=nowhere:at:all",
		"CHAOS_TOKEN=sesame-of-thirty-one-bytes-1234", "JOIN_TIMEOUT=0s ALLOW_LISTENERS=false",
	} {
		name, _, _ := strings.Cut(setting, "=")
		env := environment(append([]string{"LISTEN_ADDR=127.0.0.1:0", "ADMIN_ADDR=off"}, strings.Fields(setting)...))
		err := run(context.Background(), nil, env, new(strings.Builder))
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s ends with: %v", setting, err)
		}
	}
}

func TestListThatIsSetToNothingIsEmpty(t *testing.T) {
	for value, want := range map[string]int{"": 0, " , ": 0, "one": 1, "one, two": 2} {
		s, err := parseSettings(environment([]string{"RESERVED_NAMES=" + value, "TRUSTED_PROXIES=", "ALLOWED_ORIGINS="}))
		must(t, err)
		names := slices.DeleteFunc(s.Actors.ReservedNames, func(name string) bool { return strings.TrimSpace(name) == "" })
		if len(names) != want || len(s.Transport.AllowedOrigins) != 0 {
			t.Errorf("RESERVED_NAMES=%s: %q; ALLOWED_ORIGINS=: %q", value, names, s.Transport.AllowedOrigins)
		}
	}
	s, err := parseSettings(environment(nil))
	must(t, err)
	if !slices.Contains(s.Actors.ReservedNames, "Everyone") {
		t.Errorf("not set: %q", s.Actors.ReservedNames)
	}
}

func TestUsageListsEverySettingWithItsMeaning(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), []string{"-h"}, environment([]string{"AUTH_JWT_SECRET=open-sesame"}), &out); err != nil {
		t.Fatal(err)
	}
	count := 0
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
		count++
		name, meaning := f.Tag.Get("env"), f.Tag.Get("meaning")
		if meaning == "" || !strings.Contains(out.String(), name) || !strings.Contains(out.String(), meaning) {
			t.Errorf("%s is not listed with its meaning", name)
		}
	})
	if lines := strings.Count(out.String(), "\n"); lines != count+4 {
		t.Errorf("%d lines for %d settings:\n%s", lines, count, out.String())
	}
	if strings.Contains(out.String(), "sesame") {
		t.Error("a secret is printed")
	}
}

func TestDocsListEverySettingWithItsDefaultAndMeaning(t *testing.T) {
	t.Parallel()
	var want [][]string
	eachSetting(reflect.TypeFor[settings](), func(f reflect.StructField) {
		want = append(want, []string{code(f.Tag.Get("env")), code(f.Tag.Get("envDefault")), f.Tag.Get("meaning")})
	})
	got := rows(t, pageText(t, "docs/settings.md"), "setting", "default", "meaning")
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			t.Errorf("the table lacks the row %q", want[i])
		case i >= len(want):
			t.Errorf("the table has a row of no setting: %q", got[i])
		case !slices.Equal(got[i], want[i]):
			t.Errorf("row %d is %q, not %q", i+1, got[i], want[i])
		}
	}
}
