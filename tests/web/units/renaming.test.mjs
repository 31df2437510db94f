/** A renamed room: the page goes on under the new name, and returns to it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../chatsvc/web/model/events.js";
import { State } from "../../../chatsvc/web/model/state.js";
import { ResumeState } from "../../../chatsvc/web/net/resume_state.js";

const entered = (room, last, more = {}) => ({ event: "entered", room, last, name: "ann", names: [], count: 1, ...more });

test("a room keeps its messages and its place under the new name", () => {
    const state = new State();
    for (const room of ["#tea", "#pie"]) apply(state, entered(room, 0), 0);
    state.select("#tea");
    apply(state, { event: "said", room: "#tea", number: 1, time: "2026-11-21T14:00:00.000Z", from: "bob", text: "hi", size: 2 }, 0);
    apply(state, { event: "moved", room: "#tea", to: "#coffee", by: "bob" }, 0);
    assert.deepEqual([...state.panes.keys()].filter(Boolean), ["#coffee", "#pie"]);
    assert.equal(state.here, "#coffee");
    assert.equal(state.pane.present.last, 1);
});

test("a room that was renamed meanwhile is the same room", () => {
    const state = new State();
    apply(state, entered("#Tea", 3), 0);
    apply(state, entered("#coffee", 4, { former: ["#tea"] }), 0);
    assert.deepEqual([...state.panes.keys()].filter(Boolean), ["#coffee"]);
});

test("the page returns to the present name, after the last message shown", () => {
    const place = new ResumeState();
    place.notice(entered("#tea", 7));
    place.isNew({ event: "said", room: "#tea", number: 8 });
    place.notice({ event: "moved", room: "#tea", to: "#coffee", by: "bob" });
    assert.deepEqual(place.toRestore(), [{ do: "join", room: "#coffee", mentions: true, after: 8 }]);
    place.notice(entered("#milk", 9, { former: ["#coffee", "#tea"] }), false);
    assert.deepEqual(place.toRestore(), [{ do: "join", room: "#milk", mentions: true, after: 8 }]);
    assert.equal(place.here, "#milk");
});
