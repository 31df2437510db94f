/** The list of members, when a moderator removes somebody. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../chatsvc/web/model/events.js";
import { State } from "../../../chatsvc/web/model/state.js";

function tea() {
    const state = new State();
    state.name = "ann";
    apply(state, { event: "entered", room: "#tea", names: ["bob", "eve"], count: 3, last: 0, name: "ann" }, 0, true);
    return { state, members: () => [...state.open("#tea").people.values()].map(one => one.name) };
}

test("a removed user is not listed", () => {
    const { state, members } = tea();
    apply(state, { event: "removed", room: "#tea", name: "bob", by: "host" }, 0, false);
    assert.deepEqual(members(), ["eve", "ann"]);
    assert.equal(state.open("#tea").inside, true);
    apply(state, { event: "removed", room: "#tea", name: "ann", by: "host", own: true }, 0, false);
    assert.equal(state.open("#tea").inside, false);
});

test("users whom your ban removes are not listed; muted users are", () => {
    const { state, members } = tea();
    apply(state, { event: "banned", who: "eve", room: "#tea", by: "ann", hit: ["eve"], mute: true }, 0, true);
    assert.deepEqual(members(), ["bob", "eve", "ann"]);
    apply(state, { event: "banned", who: "eve", room: "#tea", by: "ann", hit: ["eve"] }, 0, true);
    assert.deepEqual(members(), ["bob", "ann"]);
});
