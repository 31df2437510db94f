/** Jumping to a message: in what is loaded, in a page of the past, and by time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HistoryLoader } from "../../../chatsvc/web/control/history_loader.js";
import { apply } from "../../../chatsvc/web/model/events.js";
import { State } from "../../../chatsvc/web/model/state.js";
import { Refused } from "../../../chatsvc/web/net/failures.js";

const clock = { now: () => 0, setTimeout: () => 0 };
const line = number => ({ event: "said", room: "#tea", number, time: new Date(number * 60_000).toISOString(), from: "bob", text: `line ${number}`, size: 6 });
const lines = (first, last) => Array.from({ length: last - first + 1 }, (_, at) => line(first + at));

/** A room in which lines up to `last` were said, and the page has the ones from `loaded` on. */
function room(loaded, last, around = () => []) {
    const state = new State(), asked = [];
    const connection = { here: true, ask: async (what, given) => (asked.push({ what, ...given }), { lines: await around(given), more: true }) };
    const pane = state.open("#tea");
    pane.filled = true;
    for (const each of lines(loaded, last)) apply(state, each, 0, false);
    return { pane, asked, state, reading: new HistoryLoader(connection, state, clock) };
}

const numbers = stretch => stretch.items.map(item => item.number);

test("a message that is loaded needs no request", async () => {
    const { pane, asked, reading } = room(100, 120);
    assert.equal(await reading.jump(pane, 105), true);
    assert.deepEqual([asked, pane.found, pane.seeking, pane.past, pane.following], [[], 105, true, null, false]);
});

test("an earlier one is shown in a page of the past", async () => {
    const { pane, asked, reading } = room(100, 120, () => lines(10, 30));
    assert.equal(await reading.jump(pane, 20), true);
    assert.deepEqual(asked.map(({ what, around }) => [what, around]), [["history", 20]]);
    assert.deepEqual([numbers(pane.shown)[0], pane.shown.last, pane.found], [10, 30, 20]);
    assert.equal(numbers(pane.present)[0], 100);
});

test("the past joins the present when the user has scrolled to it", async () => {
    const { pane, reading } = room(100, 120, ({ around, after }) => (around ? lines(80, 95) : lines(after + 1, 110)));
    await reading.jump(pane, 90);
    await reading.fetchLater(pane);
    assert.equal(pane.past, null);
    assert.deepEqual(numbers(pane.present), lines(80, 120).map(each => each.number));
});

test("from the past, a loaded message of the present is shown again", async () => {
    const { pane, reading } = room(100, 120, () => lines(10, 30));
    await reading.jump(pane, 20);
    await reading.jump(pane, 110);
    assert.deepEqual([pane.past, pane.found], [null, 110]);
    await reading.jump(pane, 20);
    assert.equal(pane.found, 20);
});

test("by time, the first message from then on is shown", async () => {
    const { pane, asked, reading } = room(100, 120, () => lines(10, 30));
    const time = new Date(24.5 * 60_000).toISOString();
    assert.equal(await reading.jump(pane, time), true);
    assert.deepEqual([asked[0].around, pane.found], [time, 25]);
});

test("after the last message, and for a number that is left out, the nearest one is shown", async () => {
    const { pane, reading } = room(100, 120, () => [...lines(10, 20), ...lines(25, 30)]);
    await reading.jump(pane, new Date(1e9).toISOString());
    assert.equal(pane.found, 30);
    await reading.jump(pane, 22);
    assert.equal(pane.found, 25);
});

test("where nothing is, the page stays where it was", async () => {
    const { pane, reading } = room(100, 120);
    assert.equal(await reading.jump(pane, 5), false);
    assert.deepEqual([pane.past, pane.found, pane.following], [null, null, true]);
});

test("a refusal is shown, and is no message", async () => {
    const { pane, state, reading } = room(100, 120, () => Promise.reject(new Refused("bad-argument", "around must be a number.")));
    state.select("#tea");
    assert.equal(await reading.jump(pane, 5), false);
    assert.equal(pane.items.at(-1).text, "around must be a number.");
});

test("lines that arrive meanwhile belong to the present", async () => {
    const { pane, state, reading } = room(100, 120, () => lines(10, 30));
    await reading.jump(pane, 20);
    apply(state, line(121), 0, false);
    assert.deepEqual([pane.shown.last, pane.present.last, pane.unread > 0], [30, 121, true]);
    state.select("#tea");
    state.returnToPresent();
    assert.deepEqual([pane.shown.last, pane.found], [121, null]);
});
