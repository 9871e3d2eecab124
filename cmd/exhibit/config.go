package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Settings are the machine's: none of them may change a number.
type Settings struct {
	Memory    string `mapstructure:"memory"`     // of the engine, for example 2GiB
	Threads   int    `mapstructure:"threads"`    // of the engine, and files read at a time; helpers of the reading
	Temp      string `mapstructure:"temp"`       // folder for spilled data; "": in the case
	Inbox     string `mapstructure:"inbox"`      // folder of the delivered files; "": inbox/ of the case, or the case itself
	LogFormat string `mapstructure:"log-format"` // text | json
}

// setting is one row of the table of settings.
type setting struct {
	name, value, help string
}

// settings lists every setting with its default.
func settingsTable() []setting {
	return []setting{
		{"memory", defaultMemory(), "memory of the engine, for example 512MiB or 4GiB"},
		{"threads", strconv.Itoa(runtime.GOMAXPROCS(0)), "threads of the engine, and files read at a time"},
		{"temp", "", "folder for spilled data (default: lake/staging of the case)"},
		{"inbox", "", "folder of the delivered files (default: inbox of the case, or the case itself)"},
		{"log-format", "text", "text | json: how progress is told on stderr"},
	}
}

func addSettings(flags *pflag.FlagSet) {
	for _, s := range settingsTable() {
		flags.String(s.name, s.value, s.help)
	}
}

// newViper gives flag > EXHIBIT_* > user file > default.
func newViper(flags *pflag.FlagSet) (*viper.Viper, string, error) {
	v := viper.New()
	v.SetEnvPrefix("EXHIBIT")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	for _, s := range settingsTable() {
		if err := v.BindEnv(s.name); err != nil {
			return nil, "", err
		}
		if err := v.BindPFlag(s.name, flags.Lookup(s.name)); err != nil {
			return nil, "", err
		}
	}
	path := ""
	if dir, err := os.UserConfigDir(); err == nil {
		path = filepath.Join(dir, "exhibit", "config.yaml")
		v.SetConfigFile(path)
		var missing viper.ConfigFileNotFoundError
		if err := v.ReadInConfig(); err != nil && !errors.As(err, &missing) && !errors.Is(err, os.ErrNotExist) {
			return nil, path, usage("it holds settings such as memory: 2GiB", "%s: %w", path, err)
		}
	}
	return v, path, nil
}

func loadSettings(flags *pflag.FlagSet) (Settings, error) {
	var s Settings
	v, path, err := newViper(flags)
	if err != nil {
		return s, err
	}
	if err := v.UnmarshalExact(&s); err != nil {
		return s, usage("exhibit config show lists the settings", "%s: %w", path, err)
	}
	return s, s.validate()
}

func (s Settings) validate() error {
	if n, err := s.memoryBytes(); err != nil || n < 64<<20 {
		return usage("at least 64MiB, written as 512MiB or 4GiB", "memory %q", s.Memory)
	}
	if s.Threads < 1 || s.Threads > 1024 {
		return usage("1 to 1024", "threads %d", s.Threads)
	}
	if s.LogFormat != "text" && s.LogFormat != "json" {
		return usage("text or json", "log-format %q", s.LogFormat)
	}
	return nil
}

// memoryBytes reads a size such as 512MiB, 4GiB, 4GB or a number of bytes.
func (s Settings) memoryBytes() (int64, error) {
	text := strings.TrimSpace(s.Memory)
	for _, u := range []struct {
		suffix string
		bytes  float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"", 1}} {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil || f <= 0 || f*u.bytes > math.MaxInt64/2 {
				return 0, fmt.Errorf("%q is no size", s.Memory)
			}
			return int64(f * u.bytes), nil
		}
	}
	return 0, fmt.Errorf("%q is no size", s.Memory)
}

// defaultMemory is a quarter of the machine's memory or of the limit that its
// cgroup sets, between 256 MiB and 768 MiB: with all else
// beside it the whole program stays below 2 GiB.
func defaultMemory() string {
	limit := int64(4 << 30)
	if n, ok := memTotal(); ok {
		limit = n
	}
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil {
			limit = min(limit, n)
		}
	}
	return fmt.Sprintf("%dMiB", max(256, min(limit/4, 768<<20)>>20))
}

func memTotal() (int64, bool) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "MemTotal:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

func (a *app) configVerb() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "The machine's settings", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	show := &cobra.Command{
		Use:   "show",
		Short: "Print every setting, its value and where it comes from",
		Long:  "A setting comes from its flag, else from EXHIBIT_<NAME> in the environment, else from the\nuser's file, else from its default. No setting changes a number.",
		Args:  cobra.NoArgs,
	}
	show.RunE = func(c *cobra.Command, _ []string) error {
		v, path, err := newViper(c.Flags())
		if err != nil {
			return err
		}
		t := newTable("setting", "value", "from")
		for _, s := range settingsTable() {
			t.add(s.name, v.GetString(s.name), source(c, v, s, path))
		}
		return t.write(a.out, a.format)
	}
	a.formatFlag(show, "table", "csv", "json", "jsonl")
	c.AddCommand(show)
	return c
}

func source(c *cobra.Command, v *viper.Viper, s setting, path string) string {
	env := "EXHIBIT_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
	_, inEnv := os.LookupEnv(env)
	switch {
	case c.Flags().Changed(s.name):
		return "flag"
	case inEnv:
		return env
	case v.InConfig(s.name):
		return path
	}
	return "default"
}
