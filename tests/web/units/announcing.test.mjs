/** What screen readers are told: each new message once, and the name of the room after a switch. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../chatsvc/web/model/events.js";
import { State } from "../../../chatsvc/web/model/state.js";
import { Announcer } from "../../../chatsvc/web/views/announcer.js";

globalThis.document = { createElement: () => ({ textContent: "", remove() {} }) };

const said = (number, more = {}) => ({ event: "said", room: "#tea", number, time: "2026-11-21T14:00:00.000Z", from: "bob", text: `line ${number}`, size: 6, ...more });

function page(t) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const heard = [], state = new State();
    state.name = "ann";
    const announcer = new Announcer({ append: line => heard.push(line.textContent) });
    state.select("#tea");
    announcer.follow(state.pane);
    return { state, heard, follow: () => announcer.follow(state.pane) };
}

test("a new message is read once", t => {
    const { state, heard, follow } = page(t);
    apply(state, said(5), 0, false);
    follow();
    follow();
    assert.deepEqual(heard, ["bob: line 5"]);
});

test("history and own messages are not read", t => {
    const { state, heard, follow } = page(t);
    apply(state, said(5), 0, true);
    state.earlier(state.pane, [said(3), said(4)], false);
    follow();
    assert.deepEqual(heard, []);
});

test("of many messages, only the number is read", t => {
    const { state, heard, follow } = page(t);
    for (let number = 1; number < 6; number++) apply(state, said(number), 0, false);
    follow();
    assert.deepEqual(heard, ["5 new messages"]);
});

test("switching names the room, and reads nothing that is in it", t => {
    const { state, heard, follow } = page(t);
    state.open("#cake");
    apply(state, said(1, { room: "#cake" }), 0, false);
    state.select("#cake");
    follow();
    state.select("@bob");
    follow();
    assert.deepEqual(heard, ["#cake, with new messages", "Conversation with bob"]);
});
