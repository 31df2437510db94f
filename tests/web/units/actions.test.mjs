/** What the menus offer, and which arguments the forms ask for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, inRoom, personActions } from "../../../chatsvc/web/model/actions.js";

const COMMANDS = [
    ["op name", "makes a user a moderator"], ["deop name", "makes a moderator a member"], ["transfer name", "makes another user the founder"],
    ["kick [--here] name [reason]", "removes a user"], ["ban [--here] who [duration] [reason]", "bans"], ["report name reason", "reports a user"],
    ["nick name", "changes your name"], ["room [name]", "shows the rules"], ["wave name", "waves at a user"],
].map(([usage, help]) => ({ usage: `/${usage}`, help }));

const labels = (...about) => personActions(COMMANDS, ...about).map(action => action.label);

test("a person's role decides what is offered", () => {
    assert.ok(labels("bob", "#tea", "").includes("Make moderator of #tea"));
    assert.ok(!labels("bob", "#tea", "moderator").includes("Make moderator of #tea"));
    assert.ok(labels("bob", "#tea", "moderator").includes("Remove as moderator of #tea"));
    assert.ok(!labels("bob", "#tea", "founder").some(label => label.includes("moderator")));
});

test("outside of a room, only what needs no room is offered", () => {
    assert.deepEqual(labels("bob", "", null).filter(label => /moderator|founder/.test(label)), []);
    assert.ok(labels("bob", "", null).includes("Ban…"));
});

test("only what the server lists is offered", () => {
    assert.deepEqual(personActions([], "bob", "#tea", ""), []);
});

test("a command about a person that the page does not know is offered with its help", () => {
    assert.ok(labels("bob", "#tea", "").includes("Waves at a user…"));
    assert.ok(!labels("bob", "#tea", "").some(label => /your name|the rules/.test(label)));
});

test("an action names the person as the command expects, and the room", () => {
    const [ban] = personActions(COMMANDS, "bob", "#tea", "").filter(action => action.command === "ban");
    assert.deepEqual(ban.given, { who: "bob", room: "#tea" });
    const [report] = personActions(COMMANDS, "bob", "#tea", "").filter(action => action.command === "report");
    assert.deepEqual(report.given, { name: "bob" });
});

test("a room is not given to a command without one", () => {
    assert.deepEqual(inRoom("bans", "#tea"), { room: "#tea" });
    assert.deepEqual(inRoom("bans", "@bob"), {});
    assert.deepEqual(inRoom("lockdown", "#tea"), {});
});

test("fields come from the usage", () => {
    const fields = fieldsOf({ usage: "/mute [--here] [--quietly] who [duration]", help: "" });
    assert.deepEqual(fields.map(field => [field.name, field.kind, field.needed]), [
        ["here", "flag", false], ["quietly", "flag", false], ["who", "text", true], ["duration", "text", false],
    ]);
});

test("passwords are hidden", () => {
    assert.ok(fieldsOf({ usage: "/passwd old new", help: "" }).every(field => field.kind === "password"));
});
