package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk names, in the process that has a disk of its own, where it is.
const smallDisk = "EXHIBIT_TEST_SMALL_DISK"

// A disk that is full wherever it may be is a clear error, loses nothing, and
// the run that finds room completes with the same figures.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(smallDisk); dir != "" {
		onSmallDisk(t, dir)
		return
	}
	dir := t.TempDir()
	made, _ := generated(t, propertySpec(17))
	for from, to := range map[string]string{made: "case", copyCase(t, made): "whole"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	figuresOf(t, filepath.Join(dir, "whole"))
	cmd := exec.Command(os.Args[0], "-test.run", "^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), smallDisk+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.CombinedOutput()
	if bytes.Contains(out, []byte("no disk of its own")) || err != nil && len(out) == 0 {
		t.Skipf("this system gives a test no disk of its own: %v", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func onSmallDisk(t *testing.T, dir string) {
	disk := filepath.Join(dir, "disk")
	mount := func(kib int, flags uintptr) error {
		return syscall.Mount("tmpfs", disk, "tmpfs", flags, fmt.Sprintf("size=%dk", kib))
	}
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := mount(4<<10, 0); err != nil {
		t.Skipf("no disk of its own: %v", err)
	}
	if err := os.CopyFS(filepath.Join(disk, "case"), os.DirFS(filepath.Join(dir, "case"))); err != nil {
		t.Fatal(err)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(disk, &s); err != nil {
		t.Fatal(err)
	}
	used := int(s.Blocks-s.Bfree) * int(s.Bsize) >> 10
	failed := 0
	for free := 16; ; free += free/4 + 16 {
		if err := mount(used+free, syscall.MS_REMOUNT); err != nil {
			t.Fatal(err)
		}
		code, _, errs := exhibit("run", "--case", filepath.Join(disk, "case"))
		if code == 0 || code == 3 {
			break
		}
		failed++
		if code != 1 || !strings.Contains(strings.ToLower(errs), "no space left on device") || strings.Contains(errs, "goroutine") {
			t.Fatalf("%d KiB free: exit code %d: %s", free, code, errs)
		}
		if free > 64<<10 {
			t.Fatalf("it never has enough: %s", errs)
		}
	}
	if failed < 5 {
		t.Errorf("the disk was full only %d times", failed)
	}
	if want, got := lastFigures(t, filepath.Join(dir, "whole")), lastFigures(t, filepath.Join(disk, "case")); !bytes.Equal(want, got) {
		t.Errorf("other figures after a full disk:\n%s", got)
	}
}
