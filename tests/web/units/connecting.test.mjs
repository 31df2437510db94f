/** The page's connection: typing before the first room is shown, and finding out that a connection is dead. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatSession } from "../../../chatsvc/web/control/chat_session.js";
import { Keepsakes } from "../../../chatsvc/web/control/keepsakes.js";

/** A server and a clock, both of which do what the test says. */
class Outside {
    constructor() {
        this.time = 0;
        this.timers = [];
        this.sockets = [];
        this.clock = {
            now: () => this.time,
            random: () => 0.5,
            setTimeout: (call, delay) => this.timers.push({ call, at: this.time + delay }),
            clearTimeout: number => number && (this.timers[number - 1].call = null),
        };
        const open = () => {
            const socket = { sent: [], send: text => socket.sent.push(JSON.parse(text)), close: () => {} };
            this.sockets.push(socket);
            return socket;
        };
        this.session = new ChatSession(open, this.clock, new Keepsakes(), () => {});
    }

    get socket() {
        return this.sockets.at(-1);
    }

    hear(event) {
        this.socket.onmessage({ data: JSON.stringify(event) });
    }

    /** Answer the last request of a kind. */
    async answer(what, event) {
        await settled();
        this.hear({ ...event, tag: this.socket.sent.findLast(request => request.do === what).tag });
        await settled();
    }

    pass(milliseconds) {
        this.time += milliseconds;
        for (const timer of [...this.timers]) if (timer.at <= this.time) {
            const { call } = timer;
            timer.call = null;
            call?.();
        }
    }

    async logIn() {
        this.session.connection.login({ name: "ann" });
        this.session.login = null;
        this.socket.onopen();
        await this.answer("hello", { event: "welcome", name: "ann", client: "c", limits: {}, rooms: [] });
    }

    enter() {
        return this.answer("join", { event: "entered", room: "#lobby", last: 0, name: "ann", names: [], count: 1 });
    }
}

const settled = () => new Promise(resolve => setImmediate(resolve));
const said = socket => socket.sent.filter(request => request.do === "say").map(({ room, text }) => [room, text]);

test("what is typed before the first room is shown is sent there", async () => {
    const outside = new Outside(), { session } = outside;
    await outside.logIn();
    session.input.typed("hello", session.state.pane);
    assert.deepEqual(said(outside.socket), []);
    await outside.enter();
    assert.deepEqual(said(outside.socket), [["#lobby", "hello"]]);
});

test("without a room, what is typed is refused and comes back", async () => {
    const outside = new Outside(), { session } = outside;
    await outside.logIn();
    await outside.enter();
    session.input.typed("hello", session.state.server);
    assert.deepEqual(said(outside.socket), []);
    assert.equal(session.state.server.draft, "hello");
});

test("a message that arrives late after a sleep does not hide that the connection is dead", async () => {
    const outside = new Outside();
    await outside.logIn();
    await outside.enter();
    outside.pass(3_600_000); // asleep
    outside.hear({ event: "said", room: "#lobby", number: 1, time: "2026-11-21T14:00:00.000Z", from: "bob", text: "before", size: 6 });
    for (let second = 0; second < 4; second++) outside.pass(1000);
    assert.equal(outside.sockets.length, 2);
});

test("a connection whose server answers after a sleep is kept", async () => {
    const outside = new Outside();
    await outside.logIn();
    await outside.enter();
    outside.pass(3_600_000);
    outside.hear({ event: "pong" });
    for (let second = 0; second < 15; second++) outside.pass(1000);
    assert.equal(outside.sockets.length, 1);
});
