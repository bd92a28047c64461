// Command foreign marks Colloque's homework: it makes golden files, and verifies what Colloque
// made, with the tree, tile and note code of Go's checksum database (golang.org/x/mod/sumdb).
//
//	foreign make DIR     write log/trees.json, log/receipts.json and mls/messages.json under DIR
//	foreign verify       read one log as JSON on standard input; exit 1 at the first fault
//
// The module proxy is not needed: with Debian's golang-golang-x-mod-dev,
// GO111MODULE=off GOPATH=/usr/share/gocode go run main.go
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "colloque.example/care/golden"

// hashes is the whole tree in memory, in tlog's own storage order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, errors.New("hash beyond the tree")
		}
		read[i] = h[index]
	}
	return read, nil
}

func (h *hashes) add(n int64, entry []byte) {
	*h = append(*h, must(tlog.StoredHashes(n, entry, *h))...)
}

type inclusion struct {
	Index int64    `json:"index"`
	Size  int64    `json:"size"`
	Proof []string `json:"proof"`
}

type consistency struct {
	OldSize int64    `json:"old_size"`
	NewSize int64    `json:"new_size"`
	Proof   []string `json:"proof"`
}

type tile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

type root struct {
	Size int64  `json:"size"`
	Root string `json:"root"`
}

type trees struct {
	Roots       []root        `json:"roots"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
	TilesSize   int64         `json:"tiles_size"`
	Tiles       []tile        `json:"tiles"`
}

type receipt struct {
	Index int64  `json:"index"`
	Size  int64  `json:"size"`
	Entry string `json:"entry"`
	Proof string `json:"proof"`
}

type receipts struct {
	VerifierKey string    `json:"verifier_key"`
	Receipts    []receipt `json:"receipts"`
}

type message struct {
	ID                string `json:"id"`
	Kind              string `json:"kind"`
	Counter           uint64 `json:"counter"`
	SentAt            uint64 `json:"sent_at"`
	Salt              string `json:"salt"`
	Content           string `json:"content"`
	FrankingTag       string `json:"franking_tag"`
	AuthenticatedData string `json:"authenticated_data"`
	Payload           string `json:"payload"`
	// Acting is there for a carer's message alone.
	Acting *acting `json:"acting,omitempty"`
	// Signal is there for the kind "signal" alone.
	Signal *signal `json:"signal,omitempty"`
}

type acting struct {
	For        string `json:"for"`
	Delegation string `json:"delegation"`
	Version    uint64 `json:"version"`
}

type signal struct {
	Call       string `json:"call"`
	To         string `json:"to"`
	Generation uint32 `json:"generation"`
	Type       uint8  `json:"type"`
}

// claimed is a log as Colloque describes it, to be believed in nothing.
type claimed struct {
	VerifierKey string        `json:"verifier_key"`
	Entries     []string      `json:"entries"`
	Checkpoint  string        `json:"checkpoint"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
	Tiles       []tile        `json:"tiles"`
}

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 3 && os.Args[1] == "make":
		write(filepath.Join(os.Args[2], "log", "trees.json"), makeTrees())
		write(filepath.Join(os.Args[2], "log", "receipts.json"), makeReceipts())
		write(filepath.Join(os.Args[2], "mls", "messages.json"), makeMessages())
	case len(os.Args) == 2 && os.Args[1] == "verify":
		var c claimed
		check(json.NewDecoder(os.Stdin).Decode(&c))
		verify(c)
		fmt.Println("ok")
	default:
		log.Fatal("usage: foreign make DIR | foreign verify")
	}
}

// makeTrees describes trees whose entry i is the decimal number i.
func makeTrees() trees {
	const largest = 70_000
	sizes := []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 256, 257, 513, 700, 65_537, largest}
	var h hashes
	for i := int64(0); i < largest; i++ {
		h.add(i, []byte(fmt.Sprint(i)))
	}
	t := trees{TilesSize: largest}
	for n, size := range sizes {
		t.Roots = append(t.Roots, root{size, hexOf(must(tlog.TreeHash(size, h)))})
		for _, index := range indices(size) {
			proof := must(tlog.ProveRecord(size, index, h))
			t.Inclusion = append(t.Inclusion, inclusion{index, size, hexAll(proof)})
		}
		for _, old := range sizes[:n+1] {
			proof := must(tlog.ProveTree(size, old, h))
			t.Consistency = append(t.Consistency, consistency{old, size, hexAll(proof)})
		}
	}
	for _, one := range tilesOf(largest) {
		if one.L > 0 || one.N%91 == 0 || one.W < 256 {
			t.Tiles = append(t.Tiles, tile{pathOf(one), digestOf(one, h)})
		}
	}
	return t
}

// makeReceipts describes one small log at several sizes, signed with a key everybody knows.
func makeReceipts() receipts {
	seed := sha256.Sum256([]byte("colloque golden log"))
	key := ed25519.NewKeyFromSeed(seed[:])
	public := key.Public().(ed25519.PublicKey)
	made := receipts{VerifierKey: must(note.NewEd25519VerifierKey(origin, public))}
	signer := must(note.NewSigner(signerKey(key, made.VerifierKey)))
	witness := must(note.NewSigner(must2(note.GenerateKey(fixedRandom{}, "witness.example"))))
	var h hashes
	var entries [][]byte
	for i := int64(0); i < 21; i++ {
		entry := []byte(fmt.Sprintf(`{"seq":%d,"type":"golden","who":"Élodie"}`, i))
		entries = append(entries, entry)
		h.add(i, entry)
		size := i + 1
		if size&(size-1) != 0 && size != 7 && size != 21 {
			continue
		}
		text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, must(tlog.TreeHash(size, h)))
		signed := string(must(note.Sign(&note.Note{Text: text}, signer, witness)))
		for index := int64(0); index < size; index += 3 {
			proof := must(tlog.ProveRecord(size, index, h))
			made.Receipts = append(made.Receipts, receipt{
				index, size, string(entries[index]), proofText(index, proof, entries[index], signed),
			})
		}
	}
	return made
}

// makeMessages lays authenticated data and payloads out by hand, byte after byte.
func makeMessages() []message {
	var made []message
	for i, kind := range []string{"message", "document", "signal", "act.consent", strings.Repeat("k", 32)} {
		id := sha256.Sum256([]byte(fmt.Sprint("id", i)))
		salt := sha256.Sum256([]byte(fmt.Sprint("salt", i)))
		content := strings.Repeat("Bonjour, voici l’ordonnance. ", i*i)
		mac := hmac.New(sha256.New, salt[:])
		mac.Write([]byte(content))
		m := message{
			ID: hex.EncodeToString(id[:16]), Kind: kind,
			Counter: uint64(i) * 1_000_000_007, SentAt: 1_790_000_000_000 + uint64(i),
			Salt: hex.EncodeToString(salt[:]), Content: content,
			FrankingTag: hex.EncodeToString(mac.Sum(nil)),
			Payload:     hex.EncodeToString(append(salt[:], content...)),
		}
		var b bytes.Buffer
		b.Write([]byte{0, 2})
		b.Write(id[:16])
		b.WriteByte(byte(len(kind)))
		b.WriteString(kind)
		check(binary.Write(&b, binary.BigEndian, m.Counter))
		check(binary.Write(&b, binary.BigEndian, m.SentAt))
		b.Write(mac.Sum(nil))
		version := uint64(0)
		if i%2 == 1 {
			patient, delegation := sha256.Sum256([]byte("patient")), sha256.Sum256([]byte("delegation"))
			version = 1_000_000_000 + uint64(i)
			m.Acting = &acting{hex.EncodeToString(patient[:16]), hex.EncodeToString(delegation[:16]), version}
			b.WriteByte(16)
			b.Write(patient[:16])
			b.WriteByte(16)
			b.Write(delegation[:16])
		} else {
			b.Write([]byte{0, 0})
		}
		check(binary.Write(&b, binary.BigEndian, version))
		if kind == "signal" {
			call, to := sha256.Sum256([]byte("call")), sha256.Sum256([]byte("to"))
			m.Signal = &signal{hex.EncodeToString(call[:16]), hex.EncodeToString(to[:16]), 70_000, 2}
			b.Write(call[:16])
			b.Write(to[:16])
			check(binary.Write(&b, binary.BigEndian, m.Signal.Generation))
			b.WriteByte(m.Signal.Type)
		}
		m.AuthenticatedData = hex.EncodeToString(b.Bytes())
		made = append(made, m)
	}
	return made
}

func verify(c claimed) {
	verifier := must(note.NewVerifier(c.VerifierKey))
	opened := must(note.Open([]byte(c.Checkpoint), note.VerifierList(verifier)))
	var h hashes
	for i, entry := range c.Entries {
		h.add(int64(i), []byte(entry))
	}
	size := int64(len(c.Entries))
	top := must(tlog.TreeHash(size, h))
	if opened.Text != fmt.Sprintf("%s\n%d\n%s\n", verifier.Name(), size, top) {
		log.Fatal("the checkpoint is of another tree")
	}
	for _, p := range c.Inclusion {
		leaf := tlog.RecordHash([]byte(c.Entries[p.Index]))
		check(tlog.CheckRecord(unhex(p.Proof), p.Size, must(tlog.TreeHash(p.Size, h)), p.Index, leaf))
	}
	for _, p := range c.Consistency {
		old := must(tlog.TreeHash(p.OldSize, h))
		check(tlog.CheckTree(unhex(p.Proof), p.NewSize, must(tlog.TreeHash(p.NewSize, h)), p.OldSize, old))
	}
	verifyTiles(c.Tiles, size, h)
}

func verifyTiles(found []tile, size int64, h hashes) {
	want := map[string]string{}
	for _, one := range tilesOf(size) {
		want[pathOf(one)] = digestOf(one, h)
	}
	if len(found) != len(want) {
		log.Fatalf("%d tiles where %d are due", len(found), len(want))
	}
	for _, one := range found {
		if want[one.Path] != one.SHA256 {
			log.Fatalf("%s differs", one.Path)
		}
	}
}

// tilesOf lists the tiles of a tree, each at its widest only.
func tilesOf(size int64) []tlog.Tile {
	widest := map[[2]int64]tlog.Tile{}
	var order [][2]int64
	for _, one := range tlog.NewTiles(8, 0, size) {
		at := [2]int64{int64(one.L), one.N}
		if _, seen := widest[at]; !seen {
			order = append(order, at)
		}
		if one.W > widest[at].W {
			widest[at] = one
		}
	}
	var tiles []tlog.Tile
	for _, at := range order {
		tiles = append(tiles, widest[at])
	}
	return tiles
}

// pathOf drops the height that Go writes into the path and C2SP does not.
func pathOf(t tlog.Tile) string { return strings.Replace(t.Path(), "tile/8/", "tile/", 1) }

func digestOf(t tlog.Tile, h hashes) string {
	digest := sha256.Sum256(must(tlog.ReadTileData(t, h)))
	return hex.EncodeToString(digest[:])
}

func indices(size int64) []int64 {
	if size <= 9 {
		all := make([]int64, size)
		for i := range all {
			all[i] = int64(i)
		}
		return all
	}
	return []int64{0, size / 3, size - 2, size - 1}
}

func proofText(index int64, proof tlog.RecordProof, entry []byte, checkpoint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n",
		base64.StdEncoding.EncodeToString(entry), index)
	for _, one := range proof {
		fmt.Fprintln(&b, one)
	}
	return b.String() + "\n" + checkpoint
}

func signerKey(key ed25519.PrivateKey, verifierKey string) string {
	parts := strings.SplitN(verifierKey, "+", 3)
	private := base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...))
	return "PRIVATE+KEY+" + parts[0] + "+" + parts[1] + "+" + private
}

// fixedRandom makes golden files reproducible; it must never leave this program.
type fixedRandom struct{}

func (fixedRandom) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

func hexOf(h tlog.Hash) string { return hex.EncodeToString(h[:]) }

func hexAll[H ~[]tlog.Hash](all H) []string {
	texts := []string{}
	for _, one := range all {
		texts = append(texts, hexOf(one))
	}
	return texts
}

func unhex(texts []string) []tlog.Hash {
	var all []tlog.Hash
	for _, text := range texts {
		var h tlog.Hash
		copy(h[:], must(hex.DecodeString(text)))
		all = append(all, h)
	}
	return all
}

func write(path string, value any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	check(e.Encode(value))
	check(os.WriteFile(path, b.Bytes(), 0o644))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func must2(first, _ string, err error) string {
	check(err)
	return first
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
