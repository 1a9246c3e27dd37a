import { randomNumbers } from "@weftkit/testing/random-numbers";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { editDistance } from "../src/search/edit-distance.ts";
import { removeDocument } from "../src/search/index-document.ts";
import { matchesMax } from "../src/search/matches.ts";
import { shardDocumentsMax } from "../src/search/shards.ts";
import { stem } from "../src/search/stem.ts";
import { foldSynonyms, replaceSynonyms } from "../src/search/synonyms.ts";
import { wordsOf } from "../src/search/words.ts";
import { indexOf, openIndex, put, rowsOf, search } from "./search-index.ts";

describe("relevance, judged", () => {
  test("the title counts more than headings and tags, these more than the text", () => {
    const filler = "some words about other things that go on for a while";
    const db = indexOf([
      { title: "Other", text: `${filler} kubernetes ${filler}` },
      { title: "Other", headings: ["Kubernetes"], text: filler },
      { title: "Kubernetes", text: filler },
      { title: "Other", tags: ["kubernetes"], text: filler },
      ...Array.from({ length: 20 }, () => ({ title: "Other", text: filler })),
    ]);
    const [first, second, third, last] = rowsOf(search(db, "kubernetes"));
    expect([first, last]).toEqual([3, 1]);
    expect([second, third].sort()).toEqual([2, 4]);
  });

  test.each([
    ["tar", ["tar extract", "git get-tar-commit-id", "tar", "star"], "tar"],
    [
      "git rebase",
      ["git interactive rebase", "git", "git-rebase", "about git rebase and more"],
      "git-rebase",
    ],
    ["ls", ["ls colors", "ls", "lsof"], "ls"],
  ])("the page whose title is the query is the first: %s", (query, titles, wanted) => {
    const long = "words of a long page that says much of what it does and goes on ".repeat(40);
    const db = indexOf(
      titles.map((title) => ({ title, text: title === wanted ? `${wanted} ${long}` : `${query} ${query}` })),
    );
    expect(rowsOf(search(db, query))[0]).toBe(titles.indexOf(wanted) + 1);
  });

  test.each([
    ["get-childitm", "Get-ChildItem lists what is in a folder"],
    ["git-rebsae", "git rebase moves commits"],
    ["std::vec::Vec", "the struct Vec of std is in the module vec"],
    ["useMemo vs useCallback", "useCallback is useMemo for functions"],
    ["how to exit vim", "exit from vim by :q"],
    ["ls -la", "ls with the options -la shows all"],
    ["kubectl apply -f", "kubectl apply -f file.yaml"],
    ["tar -xvf", "tar is for archives"],
    ["-xvf", "tar -xvf extracts"],
    ["docker run --rm", "docker run --rm image"],
    ["C++", "templates in C++ are"],
    ["c#", "async in C# is"],
    ["1.4.16", "fixed in v1.4.16"],
    ["v1.4.16", "fixed in 1.4.16"],
    ["strasse", "Die Straße"],
    ["lodz", "Łódź"],
    ["smorrebrod", "Smørrebrød"],
    ["ガイド", "ｶﾞｲﾄﾞ"],
  ])("%s finds what people mean by it", (query, text) => {
    const db = indexOf([{ text }, { text: "C is a language of version 1.4.17 that has exits" }]);
    expect(rowsOf(search(db, query))[0]).toBe(1);
    expect(search(db, query).total).toBe(1);
  });

  test("C, C++ and C# are three languages", () => {
    const db = indexOf([{ text: "C code" }, { text: "C++ code" }, { text: "C# code" }]);
    expect(["C", "c++", "C#"].map((query) => rowsOf(search(db, query)))).toEqual([[1], [2], [3]]);
  });

  test("a shorter text with more of the word is better", () => {
    const filler = "nothing of interest is here ".repeat(10);
    const db = indexOf([
      { text: `${filler} backup` },
      { text: "backup and restore a backup" },
      ...Array.from({ length: 10 }, () => ({ text: filler })),
    ]);
    expect(rowsOf(search(db, "backup"))).toEqual([2, 1]);
  });

  test("words in a row, then words near each other, then words anywhere", () => {
    const far = "x ".repeat(30);
    const db = indexOf([
      { text: `write ${far} ahead ${far} log` },
      { text: "the log is where we write, ahead of the page" },
      { text: "the write ahead log" },
    ]);
    expect(rowsOf(search(db, "write ahead log"))).toEqual([3, 2, 1]);
  });

  test("a word as it is written comes before one that it may have been meant for", () => {
    const db = indexOf([
      ...Array.from({ length: 20 }, () => ({ title: "Posgres", text: "postgres" })),
      { text: "postgrez is a strange word" },
    ]);
    const found = search(db, "postgrez");
    expect(rowsOf(found)[0]).toBe(21);
    expect(found.total).toBe(21);
  });

  test("a rare name is not taken for the word that is near it", () => {
    const db = indexOf([
      { title: "httpx", text: "probes" },
      ...Array.from({ length: 40 }, () => ({ title: "Other", text: "https" })),
    ]);
    expect(rowsOf(search(db, "httpx"))).toEqual([1]);
    expect(search(db, "htpps").total).toBe(40);
  });

  test.each([
    ["databse", "database"],
    ["databaes", "database"],
    ["dtaabase", "database"],
    ["datanase", "database"],
    ["dattabase", "database"],
    ["kubernets", "kubernetes"],
    ["kuberntse", "kubernetes"],
    ["replicaton", "replication"],
    ["bakcup", "backup"],
    ["restor", "restore"],
    ["indx", "index"],
    ["resumé", "resume"],
  ])("%s finds %s", (typo, word) => {
    const db = indexOf([
      { text: "an unrelated text" },
      { text: `about a ${word} of ours` },
      { text: "data base cube" },
    ]);
    expect(rowsOf(search(db, typo))).toEqual([2]);
  });

  test.each(["abc", "cat", "12345", "databazzz", "xatabaxx"])(
    "%s finds nothing that is only alike",
    (word) => {
      expect(search(indexOf([{ text: "abd cut 12346 database car" }]), word).total).toBe(0);
    },
  );

  test("corrections say what stood for what, and can be turned off", () => {
    const db = indexOf([{ text: "database" }]);
    expect(search(db, "databse").corrections).toEqual([{ from: "databse", to: "database" }]);
    expect(search(db, "databse", { typo: false })).toMatchObject({ total: 0, corrections: [] });
    expect(search(db, "database").corrections).toEqual([]);
    expect(search(db, '"databse"').total).toBe(0);
    expect(search(db, "NOT databse database").total).toBe(1);
  });

  test("a word of another collection corrects nothing", () => {
    const db = openIndex();
    put(db, 1, { text: "confidential" }, 1);
    put(db, 2, { text: "open" }, 2);
    expect(search(db, "confidentail", {}, 2)).toMatchObject({ total: 0, corrections: [] });
  });

  test("words of a transaction that was rolled back are added when they come again", () => {
    const db = openIndex();
    put(db, 1, { text: "first" });
    const failing = db.transaction(() => {
      put(db, 2, { text: "database" });
      throw new Error("rolled back");
    });
    expect(failing).toThrow("rolled back");
    put(db, 3, { text: "database" });
    expect(rowsOf(search(db, "databse"))).toEqual([3]);
  });

  test("a word that is in no document any more corrects nothing", () => {
    const db = indexOf([{ text: "database" }, { text: "other" }]);
    removeDocument(db, 1);
    expect(search(db, "databse")).toMatchObject({ total: 0, corrections: [] });
  });
});

describe("words", () => {
  test("case, diacritics and compatibility forms do not count", () => {
    const db = indexOf([{ text: "Crème BRÛLÉE ﬁne Ångström Straße ｆｕｌｌ İstanbul" }]);
    for (const query of ["creme", "BRULEE", "brûlée", "fine", "angstrom", "straße", "full", "istanbul"]) {
      expect(search(db, query).total, query).toBe(1);
    }
  });

  test("forms of a word find each other", () => {
    const db = indexOf([{ text: "connected" }, { text: "connections" }, { text: "connecting" }]);
    expect(search(db, "connect").total).toBe(3);
    expect(search(db, "connection").total).toBe(3);
  });

  test("text without spaces is found by any part of it, as a phrase", () => {
    const db = indexOf([
      { text: "全文検索エンジンの設計" },
      { text: "検全索文" },
      { text: "데이터베이스를 설치" },
      { text: "ฐานข้อมูล" },
    ]);
    expect(rowsOf(search(db, "検索"))).toEqual([1]);
    expect(rowsOf(search(db, "エンジン"))).toEqual([1]);
    expect(rowsOf(search(db, "데이터베이스"))).toEqual([3]);
    expect(rowsOf(search(db, "ข้อมูล"))).toEqual([4]);
  });

  test("words with marks that are not diacritics of Latin letters stay whole", () => {
    expect([...wordsOf("हिन्दी भाषा")].map(({ word }) => word)).toEqual(["हिन्दी", "भाषा"]);
  });

  test("stems are those of SQLite's porter tokenizer", () => {
    const db = new Database(":memory:");
    db.exec("CREATE VIRTUAL TABLE f USING fts5(x, tokenize = 'porter ascii')");
    db.exec("CREATE VIRTUAL TABLE v USING fts5vocab(f, instance)");
    const bases =
      "relat form gener nation hop hopp agre plast conform troubl siz fall hiss fizz fail fil sk happ valenc digit radic vil anal oper feudal decis callous sens tripl electr good rev allow inf airlin gyroscop adjust irrit replac adopt hom comm effect prob rat ceas control roll y eye".split(
        " ",
      );
    const endings =
      " s es ies sses ed eed ing ational tional enci anci izer logi abli alli entli eli ousli ization ation ator alism iveness fulness ousness aliti iviti biliti icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e y ly ily ll yy ying".split(
        " ",
      );
    const words = bases.flatMap((base) => endings.map((ending) => base + ending));
    const insert = db.prepare("INSERT INTO f (rowid, x) VALUES (?, ?)");
    for (const [index, word] of words.entries()) insert.run(index + 1, word);
    const stems = db.prepare("SELECT doc, term FROM v ORDER BY doc").all() as { doc: number; term: string }[];
    db.close();
    expect(stems).toHaveLength(words.length);
    for (const { doc, term } of stems) expect(stem(words[doc - 1]!), words[doc - 1]).toBe(term);
  });

  test("the edit distance is that of the definition, up to its bound", () => {
    const random = randomNumbers(3);
    const word = () =>
      Array.from({ length: Math.floor(random() * 9) }, () => "abc"[Math.floor(random() * 3)]).join("");
    for (let round = 0; round < 3000; round++) {
      const [left, right, max] = [word(), word(), 1 + (round % 2)];
      const distance = editDistance(left, right, max);
      expect(distance, `${left} ${right}`).toBe(Math.min(definedDistance(left, right), max + 1));
    }
  });

  test("every word within the mistakes allowed is found", () => {
    const random = randomNumbers(4);
    const letter = () => "abcdefgh"[Math.floor(random() * 8)]!;
    const words = Array.from({ length: 200 }, (_, index) =>
      Array.from({ length: 4 + (index % 9) }, letter).join(""),
    );
    for (const word of words) {
      const db = indexOf([{ text: word }]);
      const at = Math.floor(random() * (word.length - 1));
      const misspelled = [
        word.slice(0, at) + word.slice(at + 1),
        word.slice(0, at) + letter() + word.slice(at),
        word.slice(0, at) + letter() + word.slice(at + 1),
        word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
      ].filter((typo) => typo.length >= 4);
      for (const typo of misspelled) expect(search(db, typo).total, `${typo} for ${word}`).toBe(1);
      db.close();
    }
  });
});

describe("prefixes", () => {
  test("they are not taken for words, and find words whose stem is shorter", () => {
    const db = indexOf([{ text: "relational" }, { text: "relations" }, { text: "relief" }]);
    expect(rowsOf(search(db, "relati*")).sort()).toEqual([1, 2]);
    expect(rowsOf(search(db, "relationa*"))).toContain(1);
    expect(rowsOf(search(db, "relationsh*"))).toEqual([]);
    expect(search(db, "rel*").total).toBe(3);
  });
});

describe("synonyms", () => {
  test("a word finds its synonyms, in its collection and in one direction", () => {
    const db = indexOf([{ text: "kubernetes" }, { text: "container orchestration" }, { text: "k8s" }]);
    replaceSynonyms(db, 1, foldSynonyms({ K8s: ["Kubernetes", "container orchestration"] }));
    expect(search(db, "k8s").total).toBe(3);
    expect(search(db, "kubernetes").total).toBe(1);
    put(db, 4, { text: "kubernetes" }, 2);
    expect(search(db, "k8s", {}, 2).total).toBe(0);
    replaceSynonyms(db, 1, foldSynonyms({}));
    expect(search(db, "k8s").total).toBe(1);
  });

  test("a query takes as many words of them as there is room for", () => {
    const synonym = (word: number, index: number) =>
      Array.from({ length: 16 }, (_, part) => `w${word}s${index}p${part}`).join(" ");
    const all = [0, 1, 2].map((word) => [0, 1].map((index) => synonym(word, index)));
    const db = indexOf(all.flat().map((text) => ({ text })));
    replaceSynonyms(db, 1, foldSynonyms({ zero: all[0]!, one: all[1]!, two: all[2]! }));
    expect(search(db, "two").total).toBe(2);
    expect(rowsOf(search(db, "zero OR one OR two")).sort()).toEqual([1, 2, 3, 4]);
  });
});

describe("what is shown", () => {
  test("titles and snippets are HTML with the hits marked and everything else escaped", () => {
    const db = indexOf([
      { title: 'The <b>"cat"</b> & co', text: "<script>alert(1)</script> cats & dogs' <mark>" },
    ]);
    expect(search(db, "cat").hits[0]).toMatchObject({
      title: "The &lt;b&gt;&quot;<mark>cat</mark>&quot;&lt;/b&gt; &amp; co",
      snippet: "&lt;script&gt;alert(1)&lt;/script&gt; <mark>cats</mark> &amp; dogs&#39; &lt;mark&gt;",
    });
    expect(search(db, "cat", { highlight: false }).hits[0]).toMatchObject({
      title: 'The <b>"cat"</b> & co',
      snippet: "<script>alert(1)</script> cats & dogs' <mark>",
    });
  });

  test("characters that are words only together are marked only together", () => {
    const db = indexOf([{ title: "北京", text: "我在北京大学，京都很远，北方" }]);
    expect(search(db, "北京").hits[0]).toMatchObject({
      title: "<mark>北京</mark>",
      snippet: "我在<mark>北京</mark>大学，京都很远，北方",
    });
    // Nowhere in a row: then each counts by itself.
    expect(search(db, "北都").hits[0]!.snippet).toContain("<mark>都</mark>");
  });

  test("a snippet is cut where most of the words are", () => {
    const filler = "nothing to see ".repeat(100);
    const db = indexOf([{ text: `${filler} alpha ${filler} alpha beta ${filler} beta ${filler}` }]);
    const { snippet } = search(db, "alpha beta").hits[0]!;
    expect(snippet).toContain("<mark>alpha</mark> <mark>beta</mark>");
    expect(snippet).toMatch(/^… .* …$/);
    expect(snippet.length).toBeLessThan(500);
  });

  test("a document whose hit is in the title has a snippet from its beginning", () => {
    const db = indexOf([{ title: "Alpha", text: "beta gamma ".repeat(50) }]);
    expect(search(db, "alpha").hits[0]!.snippet).toMatch(/^beta gamma .* …$/);
  });

  test("corrected words, synonyms and beginnings are marked, excluded words are not", () => {
    const db = indexOf([{ text: "database kubernetes relational other" }]);
    replaceSynonyms(db, 1, foldSynonyms({ k8s: ["kubernetes"] }));
    expect(search(db, "databse k8s relat* NOT missing").hits[0]!.snippet).toBe(
      "<mark>database</mark> <mark>kubernetes</mark> <mark>relational</mark> other",
    );
  });

  test("long texts without spaces are cut between characters", () => {
    const db = indexOf([{ text: `find ${"\u{1F600}".repeat(2000)}` }]);
    expect(search(db, "find").hits[0]!.snippet.isWellFormed()).toBe(true);
  });
});

describe("pages, fields, filters and facets", () => {
  test("pages follow each other", () => {
    const db = indexOf(Array.from({ length: 25 }, (_, index) => ({ title: `t${index}`, text: "word" })));
    const all = rowsOf(search(db, "word"));
    const paged = [0, 10, 20].flatMap((offset) => rowsOf(search(db, "word", { limit: 10, offset })));
    expect(paged).toEqual(all);
    expect(new Set(all).size).toBe(25);
    expect(search(db, "word", { offset: 25 }).hits).toEqual([]);
  });

  test("the fields of a search bound those of the query", () => {
    const db = indexOf([{ title: "alpha" }, { text: "alpha" }, { tags: ["alpha"] }]);
    expect(rowsOf(search(db, "alpha", { fields: ["title", "text"] })).sort()).toEqual([1, 2]);
    expect(rowsOf(search(db, "tags:alpha OR text:alpha", { fields: ["title", "text"] }))).toEqual([2]);
  });

  test("a filter bounds hits, total and facets", () => {
    const db = indexOf(Array.from({ length: 10 }, () => ({ text: "word" })));
    const field = db.prepare("INSERT INTO fields VALUES (?, 1, ?, ?, ?, 1)");
    for (let row = 1; row <= 10; row++) {
      field.run(row, "status", "string", row % 2 === 0 ? "draft" : "done");
      field.run(row, "rank", "number", row % 3);
      if (row === 4) field.run(row, "seen", "boolean", 1);
    }
    const filter = {
      condition: (row: string) =>
        `EXISTS (SELECT 1 FROM fields WHERE document = ${row} AND name = 'status' AND value = ?)`,
      parameters: ["draft"],
    };
    const found = search(db, "word", { filter, facets: ["rank", "status", "seen", "none"] });
    expect(rowsOf(found).sort((a, b) => a - b)).toEqual([2, 4, 6, 8, 10]);
    expect(found).toMatchObject({ total: 5, totalIsExact: true });
    expect(found.facets).toEqual({
      rank: [
        { value: "2", count: 2 },
        { value: "1", count: 2 },
        { value: "0", count: 1 },
      ].sort((left, right) => right.count - left.count || left.value.localeCompare(right.value)),
      status: [{ value: "draft", count: 5 }],
      seen: [{ value: "true", count: 1 }],
      none: [],
    });
    expect(search(db, "!!", { facets: ["rank"] }).facets).toEqual({ rank: [] });
  });
});

describe("shards", () => {
  test("small collections share one, a large one goes on in its own, and the order is the same", () => {
    const db = openIndex();
    for (let row = 1; row <= 600; row++) put(db, row, { text: `word n${row}` }, 1 + (row % 3));
    for (let row = 601; row <= 1400; row++) put(db, row, { text: `word n${row}` }, 1);
    const shards = db.prepare("SELECT collection, shard, documents FROM search_places ORDER BY 1, 2").all();
    expect(shards).toEqual([
      { collection: 1, shard: 1, documents: 512 },
      { collection: 1, shard: 2, documents: 488 },
      { collection: 2, shard: 1, documents: 200 },
      { collection: 3, shard: 1, documents: 200 },
    ]);
    expect(search(db, "word").total).toBe(1000);
    expect(search(db, "word", {}, 2).total).toBe(200);
    expect(rowsOf(search(db, "n1300"))).toEqual([1300]);
    for (let row = 601; row <= 1400; row++) removeDocument(db, row);
    expect(search(db, "word")).toMatchObject({ total: 200, totalIsExact: true });
    put(db, 2000, { text: "word" }, 4);
    expect(db.prepare("SELECT sum(documents) FROM search_shards").pluck().get()).toBe(601);
  });

  test("a word that is everywhere does not count for relevance beside another, and still has to be there", () => {
    const db = openIndex();
    db.transaction(() => {
      for (let row = 1; row <= 3200; row++) put(db, row, { text: "everywhere and more" });
    })();
    put(db, 3301, { text: "telling ".repeat(3) });
    put(db, 3302, { text: "everywhere everywhere telling" });
    put(db, 3303, { text: "everywhere, telling, telling and telling" });
    expect(rowsOf(search(db, "everywhere NOT other telling"))).toEqual([3303, 3302]);
    expect(search(db, "everywhere telling")).toMatchObject({ total: 2, totalIsExact: true });
    const filter = { condition: (row: string) => `${row} < ?`, parameters: [3303] };
    expect(rowsOf(search(db, "everywhere telling", { filter }))).toEqual([3302]);
  });

  test("words that are everywhere are counted up to a bound, the newest first, and pages go on", () => {
    const db = openIndex();
    const count = shardDocumentsMax + 200;
    db.transaction(() => {
      for (let row = 1; row <= count; row++) put(db, row, { text: "everywhere" });
    })();
    expect(db.prepare("SELECT count(*) FROM search_shards").pluck().get()).toBe(2);
    const found = search(db, "everywhere");
    expect(found).toMatchObject({ total: matchesMax, totalIsExact: false });
    const rows = [0, 100, 9000, 10_100].flatMap((offset) => rowsOf(search(db, "everywhere", { offset })));
    expect(rows).toEqual(
      [0, 100, 9000, 10_100].flatMap((offset) => Array.from({ length: 100 }, (_, i) => count - offset - i)),
    );
  });

  test("a phrase of frequent words is found in steps, the newest first, and wherever it is", () => {
    const db = openIndex();
    const count = 6000;
    db.transaction(() => {
      put(db, 1, { text: "cake tea and rum" });
      for (let row = 2; row <= count; row++) {
        put(db, row, { text: row % 2 === 0 ? "tea and cake" : "cake with tea and" });
      }
    })();
    const even = Array.from({ length: 20 }, (_, index) => count - 2 * index);
    expect(rowsOf(search(db, '"tea and cake"', { limit: 10 }))).toEqual(even.slice(0, 10));
    expect(rowsOf(search(db, '"tea and cake"', { limit: 10, offset: 10 }))).toEqual(even.slice(10));
    const inMany = search(db, '"tea and cake"');
    expect(inMany.total).toBeGreaterThanOrEqual(100);
    expect(inMany.total).toBeLessThanOrEqual(count / 2);
    if (inMany.totalIsExact) expect(inMany.total).toBe(count / 2);
    // All its words are in all documents, but it stands in the oldest only.
    expect(search(db, '"cake tea"')).toMatchObject({
      total: 1,
      totalIsExact: true,
      hits: [{ documentRow: 1 }],
    });
    expect(rowsOf(search(db, '"tea and" rum'))).toEqual([1]);
    expect(search(db, '"cake with" -rum "with tea and"').total).toBeGreaterThanOrEqual(100);
  });
});

function definedDistance(left: string, right: string): number {
  const rows = Array.from({ length: left.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= right.length; j++) rows[0]!.push(j);
  for (let i = 1; i <= left.length; i++) {
    for (let j = 1; j <= right.length; j++) {
      const cost = left[i - 1] === right[j - 1] ? 0 : 1;
      let distance = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      if (isSwap) distance = Math.min(distance, rows[i - 2]![j - 2]! + 1);
      rows[i]!.push(distance);
    }
  }
  return rows[left.length]![right.length]!;
}
