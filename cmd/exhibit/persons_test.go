package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const scrambledCase = `case: scrambled
span: {from: 2024-03-01, to: 2024-03-02}
sources:
  - name: sent
    kind: transfers
    sender: bank
    recipient: {name: other, country: CN}
    files: "sent_*.csv"
    date: {from: name, pattern: '_(\d{8})\.csv$', format: "%Y%m%d"}
    schema:
      fields:
        - {name: uid, type: string, role: account}
        - {name: hp, type: string, role: identifier, identifies: phone}
        - {name: mail, type: string, role: identifier, identifies: email}
        - {name: few, type: string, role: identifier, identifies: name}
  - name: customers
    kind: customers
    sender: bank
    files: customers.csv
    schema:
      fields:
        - {name: uid, type: string, role: account}
        - {name: mail, type: string, role: ignore, identifies: email}
`

// scrambled makes and runs a case whose phone numbers are plain SHA-256 of
// numbers below 010-0000-1000, whose e-mail addresses are SHA-256 of addresses
// that the customer table holds, and gives the numbers.
func scrambled(t *testing.T) (dir string, numbers []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "case")
	if err := os.MkdirAll(filepath.Join(dir, "inbox"), 0o755); err != nil {
		t.Fatal(err)
	}
	hash := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	keyed := hmac.New(sha256.New, []byte("a key"))
	sent, customers := "uid,hp,mail,few\n", "uid,mail\n"
	for i := range 200 {
		number := fmt.Sprintf("0100000%04d", i*5)
		mail := fmt.Sprintf("p%d@example.invalid", i)
		numbers = append(numbers, number)
		if i%4 == 3 { // a quarter is keyed, and resists
			keyed.Reset()
			keyed.Write([]byte(number))
			sent += fmt.Sprintf("u%d,%x,%s,%d\n", i, keyed.Sum(nil), hash(mail), i%3)
		} else {
			sent += fmt.Sprintf("u%d,%s,%s,%d\n", i, hash(number), hash(mail), i%3)
		}
		customers += fmt.Sprintf("u%d,%s\n", i, mail)
	}
	for name, text := range map[string]string{"case.yaml": scrambledCase, "inbox/sent_20240301.csv": sent,
		"inbox/sent_20240302.csv": "uid,hp,mail,few\nu7,,,x\nu7,,,\n", "inbox/customers.csv": customers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, errs := exhibit("run", "--case", dir); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return dir, numbers
}

// strength finds the planted recipes at their exact rate, and leaves no trace
// of a number or an address in what it prints or writes.
func TestStrength(t *testing.T) {
	dir, numbers := scrambled(t)
	if code, _, errs := exhibit("strength", "--case", dir); code != 2 || !strings.Contains(errs, "authority is required") {
		t.Errorf("without an authority: exit code %d: %s", code, errs)
	}
	code, out, errs := exhibit("strength", "--case", dir, "--authority", "order 7", "--digits", "3", "--known")
	if code != 3 || !strings.Contains(errs, "1 field refused") { // "few" has four values
		t.Errorf("exit code %d: %s", code, errs)
	}
	if !matches(out, `sent\.hp +enumeration +sha-256 .*200 +150 +75\.0000%`) {
		t.Errorf("150 of 200 numbers are not found:\n%s", out)
	}
	if !matches(out, `sent\.mail +known pairs .*200 +200 +100\.0000%`) {
		t.Errorf("the addresses of the customer table are not found:\n%s", out)
	}
	code, again, errs := exhibit("strength", "--case", dir, "--authority", "order 7", "--digits", "3", "--format", "csv")
	if code != 3 {
		t.Errorf("exit code %d: %s", code, errs)
	}
	_, repeated, _ := exhibit("strength", "--case", dir, "--authority", "order 7", "--digits", "3", "--format", "csv")
	if again != repeated {
		t.Error("the same values give another result")
	}
	noTrace(t, dir, out+errs+again, append(numbers, "@example.invalid"))
	if ledger := readFile(t, filepath.Join(dir, "custody", "ledger.jsonl")); !strings.Contains(ledger, `"authority":"order 7"`) {
		t.Error("the authority is not in the ledger")
	}
}

// noTrace looks for texts in an output and in every file of a case but those
// that were delivered.
func noTrace(t *testing.T, dir, output string, texts []string) {
	t.Helper()
	all := map[string][]byte{"output": []byte(output)}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "inbox":
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range all {
		for _, x := range texts {
			if bytes.Contains(data, []byte(x)) {
				t.Errorf("%s holds a planted value", name)
				break
			}
		}
	}
}

// trace shows every record of an account where it stands in the delivered
// file, to the byte, and writes down that somebody looked.
func TestTrace(t *testing.T) {
	dir, _ := scrambled(t)
	for _, args := range [][]string{{"--account", "u7"}, {"--reason", "r"}, {"--account", "u7", "--person", "1", "--reason", "r"}, {"--account", "nobody", "--reason", "r"}} {
		if code, out, errs := exhibit(append([]string{"trace", "--case", dir}, args...)...); code != 2 || out != "" {
			t.Errorf("trace %v: exit code %d: %s%s", args, code, out, errs)
		}
	}
	code, out, errs := exhibit("trace", "--case", dir, "--account", "u7", "--reason", "request 12", "--format", "csv")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 || !matches(lines[1], `^2024-03-01,sent,bank,other,CN,u7,uid hp mail few,sent_20240301.csv,[0-9a-f]{12},8,9,9,\d+$`) ||
		!matches(lines[3], `^2024-03-02,sent,bank,other,CN,u7,uid,sent_20240302.csv,[0-9a-f]{12},2,3,3,23$`) {
		t.Errorf("traced:\n%s", out)
	}
	// The byte offset leads to the record itself.
	file := readFile(t, filepath.Join(dir, "inbox", "sent_20240301.csv"))
	var offset int
	if _, err := fmt.Sscan(lines[1][strings.LastIndexByte(lines[1], ',')+1:], &offset); err != nil || !strings.HasPrefix(file[offset:], "u7,") {
		t.Errorf("at byte %d stands another record (%v)", offset, err)
	}
	person := strings.Split(strings.TrimSpace(query(t, dir, "SELECT person_key FROM accounts WHERE account_id = 'u7'")), "\n")[1]
	if _, byPerson, _ := exhibit("trace", "--case", dir, "--person", person, "--reason", "request 12", "--format", "csv"); byPerson != out {
		t.Errorf("by person:\n%s", byPerson)
	}
	ledger := readFile(t, filepath.Join(dir, "custody", "ledger.jsonl"))
	if strings.Count(ledger, `"verb":"trace","reason":"request 12"`) != 2 || strings.Contains(ledger, "u7") {
		t.Error("the ledger lacks the look, or holds the account")
	}
	// A delivered file that changed since is not shown as what was sent.
	if err := os.WriteFile(filepath.Join(dir, "inbox", "sent_20240302.csv"), []byte("uid,hp,mail,few\nu7,,,x\nu7,,,y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := exhibit("trace", "--case", dir, "--account", "u7", "--reason", "r"); code != 4 {
		t.Errorf("of a changed file: exit code %d: %s", code, errs)
	}
}
