/** Finding by a few letters, points in time, the words of a search, copied messages, and preferences. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Preferences } from "../../../chatsvc/web/control/preferences.js";
import { copied } from "../../../chatsvc/web/model/copying.js";
import { pieces, ranked } from "../../../chatsvc/web/model/fuzzy.js";
import { shortcut } from "../../../chatsvc/web/model/keys.js";
import { point } from "../../../chatsvc/web/model/time_points.js";

const NOW = new Date(2026, 10, 21, 14, 0).getTime();
const iso = (...parts) => new Date(...parts).toISOString();

test("letters are found in their order, beginnings of words first", () => {
    const names = ["#football", "#tea-breaks", "#breakfast", "boss"];
    assert.deepEqual(ranked(names, name => name, "tb"), ["#tea-breaks", "#football"]);
    assert.equal(ranked(names, name => name, "brea")[0], "#breakfast");
    assert.deepEqual(ranked(names, name => name, "xyz"), []);
    assert.deepEqual(ranked(names, name => name, " "), names);
});

test("a point is a number, a time, a day, or how long ago", () => {
    assert.equal(point("#17", NOW), 17);
    assert.equal(point("13:59", NOW), iso(2026, 10, 21, 13, 59));
    assert.equal(point("14:01", NOW), iso(2026, 10, 20, 14, 1));
    assert.equal(point("2026-11-20", NOW), iso(2026, 10, 20));
    assert.equal(point("2026-11-20 09:30", NOW), iso(2026, 10, 20, 9, 30));
    assert.equal(point("1h30m", NOW), iso(2026, 10, 21, 12, 30));
    for (const wrong of ["", "soon", "2026-13-40", "12:99x"]) assert.equal(point(wrong, NOW), null);
});

test("what a search found is marked, its filters are not", () => {
    const found = (text, query) => pieces(text, query).filter(piece => piece.found).map(piece => piece.text);
    assert.deepEqual(found("Tea at five, from:bob", 'tea from:bob -milk "at five"'), ["Tea", "at five"]);
    assert.deepEqual(found("teatime", "tea*"), ["tea"]);
    assert.deepEqual(found("a+b (c", "a+b"), ["a+b"]);
    assert.equal(pieces("Tea at five", "tea").map(piece => piece.text).join(""), "Tea at five");
});

test("messages are copied with their time and sender", () => {
    const line = { kind: "spoken", time: NOW, sender: "bob", text: "hello\nthere", action: false, deleted: "" };
    assert.equal(copied(line), "[14:00] <bob> hello\nthere");
    assert.equal(copied({ ...line, action: true }), "[14:00] * bob hello\nthere");
    assert.equal(copied({ ...line, deleted: "ann" }), "[14:00] <bob> (deleted by ann)");
    assert.equal(copied({ kind: "note", time: NOW, text: "hm", wrong: false }), "[14:00] * hm");
});

test("preferences survive, and what is stored is checked", () => {
    const stored = new Map();
    const shelf = { getItem: name => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value) };
    const first = new Preferences(shelf);
    first.set("theme", "dark");
    first.toggleQuiet("#tea");
    const second = new Preferences(shelf);
    assert.equal(second.values.theme, "dark");
    assert.ok(second.isQuiet("#tea"));
    second.toggleQuiet("#tea");
    first.read();
    assert.ok(!first.isQuiet("#tea"));
    for (const name of stored.keys()) stored.set(name, '{"theme": 7, "highlights": "tea, cake"}');
    first.read();
    assert.deepEqual([first.values.theme, first.highlights], ["system", ["tea", "cake"]]);
    for (const name of stored.keys()) stored.set(name, "{");
    assert.equal(new Preferences(shelf).values.theme, "system");
    assert.equal(new Preferences(null).values.emoji, true);
});

test("AltGr triggers nothing", () => {
    const pressed = (key, { altGraph = false, ...modifiers } = {}) =>
        ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers, getModifierState: name => name === "AltGraph" && altGraph });
    assert.equal(shortcut(pressed("k", { ctrlKey: true }), "app"), "switcher");
    assert.equal(shortcut(pressed("k", { ctrlKey: true, altKey: true, altGraph: true }), "app"), null);
    assert.equal(shortcut(pressed("ArrowDown", { altKey: true }), "app"), "next");
    assert.equal(shortcut(pressed("?", { shiftKey: true }), "app"), "help");
    assert.equal(shortcut(pressed("F6", { shiftKey: true }), "app"), "regionBack");
    assert.equal(shortcut(pressed("Enter"), "log"), "menu");
});
