/** Long answers as rows, and what can be done about each. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, following, hasMore, isListed, joined, ofPages, span } from "../../../chatsvc/web/model/answers.js";

const TIME = "2026-11-21T14:00:00.000Z";

test("a ban is lifted where it was made", () => {
    const { rows } = answer({ event: "bans", room: "#tea", bans: [{ who: "eve", by: "ann", time: TIME, mute: true }] });
    assert.deepEqual(rows[0].acts, [{ label: "Lift", command: "unmute", given: { who: "eve", room: "#tea" } }]);
    const everywhere = answer({ event: "bans", bans: [{ who: "eve", by: "ann", time: TIME }] });
    assert.deepEqual(everywhere.rows[0].acts[0].given, { who: "eve" });
    assert.match(everywhere.rows[0].about, /^permanently/);
});

test("this connection cannot be ended, others and tokens can", () => {
    const seat = { number: 1, since: TIME, address: "::1", rooms: [] };
    const { rows } = answer({ event: "sessions", sessions: [{ ...seat, own: true }, { ...seat, number: 2 }], tokens: [{ number: 3, label: "Firefox", since: TIME }] });
    assert.deepEqual(rows.map(row => row.acts.map(act => act.given)), [[], [{ end: 2 }], [{ end: 3, token: true }]]);
});

test("a rule is edited by its kind", () => {
    const rules = [
        { name: "moderated", value: "off", help: "on: only users with voice can talk" },
        { name: "history", value: "all", help: "history for new users: all, joined or none" },
        { name: "slow", value: "10s", help: "wait between a user's messages (10s), or off" },
    ];
    const { rows } = answer({ event: "rules", room: "#tea", rules, founder: "ann" });
    assert.deepEqual(rows.slice(0, 3).map(row => row.edit.choices), [["on", "off"], ["all", "joined", "none"], []]);
    assert.deepEqual(rows[0].edit.given, { rule: "moderated", room: "#tea" });
    assert.deepEqual(rows[3], { title: "Founder", about: "ann" });
});

test("a report leads to the person, and can be closed", () => {
    const { rows } = answer({ event: "reports", reports: [{ number: 3, by: "ann", about: "eve", reason: "spam", time: TIME }] });
    assert.equal(rows[0].title, "eve: spam");
    assert.deepEqual(rows[0].acts.map(act => act.person ?? act.given), ["eve", { number: 3 }]);
});

test("an empty list says so", () => {
    assert.equal(answer({ event: "expected", room: "#tea" }).none, "No invitations are pending.");
});

test("only lists open a dialog by themselves", () => {
    assert.ok(isListed({ event: "bans", bans: [] }));
    assert.ok(isListed({ event: "help", commands: [{}, {}] }));
    assert.ok(!isListed({ event: "help", commands: [{}] }));
    assert.ok(!isListed({ event: "person", name: "eve" }));
    assert.ok(!isListed({ event: "toString" }));
});

test("a duration has one unit", () => {
    assert.deepEqual([60, 3600, 7200, 200_000].map(span), ["1 minute", "60 minutes", "2 hours", "2 days"]);
});

test("lists of accounts and people go on after the last name", () => {
    const first = { event: "accounts", count: 3, more: true, accounts: [{ name: "ann" }, { name: "bob" }] };
    assert.deepEqual(following(first), { after: "bob" });
    const both = joined(first, { event: "accounts", count: 3, accounts: [{ name: "carol" }] });
    assert.deepEqual(both.accounts.map(({ name }) => name), ["ann", "bob", "carol"]);
    assert.equal(hasMore(first, 1), true);
    assert.equal(hasMore(both, 2), false);
    assert.equal(following({ event: "bans", bans: [] }), null);
});

test("the log is asked for a hundred entries at a time, newest first", () => {
    assert.deepEqual([ofPages("audit", 3), ofPages("bans", 3)], [{ n: 300 }, {}]);
    const acts = Array.from({ length: 100 }, (_, n) => ({ by: "ann", what: `did ${n}`, time: TIME }));
    assert.equal(answer({ event: "audit", acts }).rows[0].title, "ann did 99");
    assert.deepEqual([1, 2].map(pages => hasMore({ event: "audit", acts }, pages)), [true, false]);
});
