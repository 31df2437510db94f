/** Plays a scene with the browser client, without a browser: steps on the standard input, observations on the output. */

import { ChatSession } from "../../chatsvc/web/control/chat_session.js";
import { Keepsakes } from "../../chatsvc/web/control/keepsakes.js";
import { SERVER } from "../../chatsvc/web/model/buffers.js";
import { wordsOf } from "../../chatsvc/web/model/items.js";

class Clock {
    time = 1_790_000_000_000;
    timers = new Map();
    count = 0;
    now = () => this.time;
    random = () => 0.5;
    setTimeout = (call, delay) => (this.timers.set(++this.count, { at: this.time + delay, call }), this.count);
    clearTimeout = timer => this.timers.delete(timer);

    async advance(seconds) {
        const end = this.time + seconds * 1000;
        for (;;) {
            const [next] = [...this.timers].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at);
            if (next === undefined) break;
            this.timers.delete(next[0]);
            this.time = next[1].at;
            next[1].call();
            await settled();
        }
        this.time = end;
    }
}

const settled = () => new Promise(resolve => setImmediate(resolve));

class Player {
    clock = new Clock();
    sent = [];
    tags = new Map();
    up = true;
    socket = null;

    constructor() {
        const shelf = new Map();
        const storage = { getItem: name => shelf.get(name) ?? null, setItem: (name, value) => shelf.set(name, value), removeItem: name => shelf.delete(name) };
        this.session = new ChatSession(() => this.open(), this.clock, new Keepsakes(storage), () => {});
        this.session.logIn({ name: "ann" });
    }

    open() {
        const socket = { send: text => this.received(JSON.parse(text)), close() {}, onopen: null, onmessage: null, onclose: null };
        this.socket = socket;
        queueMicrotask(() => (this.up ? socket.onopen?.() : socket.onclose?.({ reason: "" })));
        return socket;
    }

    received(request) {
        this.tags.set(request.do, request.tag);
        const answer = this.automatic[request.do]?.(request);
        if (answer === undefined) this.sent.push(request);
        else queueMicrotask(() => this.tell({ ...answer, tag: request.tag }));
    }

    tell(event) {
        this.socket?.onmessage?.({ data: JSON.stringify(event) });
    }

    history = []; // what the server has stored

    automatic = {
        about: () => ({ event: "about", version: 1, chat: "test", software: "test", registration: "open", limits: {} }),
        who: ({ room }) => ({ event: "people", room, people: [], count: 0 }),
        history: ({ room }) => ({ event: "history", room, lines: this.history, more: false }),
        room: ({ name }) => ({ event: "talking", room: name }),
        mark: ({ room, number }) => ({ event: "marked", room, number, time: "2026-11-21T14:00:00.000Z" }),
        ping: () => ({ event: "pong" }),
    };

    steps = {
        server: ({ answers, ...event }) => this.tell(answers ? { ...event, tag: this.tags.get(answers) } : event),
        history: lines => (this.history = lines.map(line => ({ event: "said", time: "2026-11-21T14:00:00.000Z", size: 1, ...line }))),
        type: text => this.session.input.typed(text, this.session.state.pane),
        look_at: name => this.session.lookAt(name),
        looking: looking => this.session.state.look(looking),
        at_end: atEnd => this.session.state.follow(this.session.state.pane, atEnd),
        clock: seconds => this.clock.advance(seconds),
        lose: () => ((this.up = false), this.socket.onclose({ reason: "" })),
        return: () => ((this.up = true), this.clock.advance(60)),
    };

    checks = {
        sent: wanted => this.taken(wanted.do),
        not_sent: what => this.taken(what),
        shown: (_, { in: where }) => this.shown(where ?? this.session.state.here),
        unread: wanted => Object.fromEntries(Object.keys(wanted).map(name => [name, [this.pane(name).unread, this.pane(name).mentions]])),
        panes: () => [...this.session.state.panes.keys()].filter(name => name !== SERVER),
        people: wanted => Object.fromEntries(Object.keys(wanted).map(name => [name, [...this.pane(name).people.values()].map(one => one.name).sort()])),
        here: () => this.session.state.here,
        name: () => this.session.state.name,
    };

    pane(name) {
        return this.session.state.find(name);
    }

    taken(what) {
        const at = this.sent.findIndex(request => request.do === what);
        return at < 0 ? null : this.sent.splice(at, 1)[0];
    }

    shown(name) {
        const pane = this.pane(name);
        const items = [...pane.shown.items, ...pane.waiting];
        return items.flatMap((item, at) => [
            ...(pane.new === pane.shown.base + at ? ["-- new --"] : []),
            ...(item.kind === "note" ? [] : [item.kind === "company" ? `(${wordsOf(item)})` : written(item)]),
        ]);
    }
}

function written(item) {
    const text = item.deleted ? `(deleted by ${item.deleted})` : item.text;
    return `${item.action ? `* ${item.sender}` : `<${item.sender}>`} ${text}${item.waiting ? " (waiting)" : ""}`;
}

let input = "";
for await (const piece of process.stdin) input += piece;
const player = new Player();
const observed = [];
await player.session.later.load(player.session.state); // as the page does, soon after it is shown
await settled();
for (const step of JSON.parse(input)) {
    for (const [name, value] of Object.entries(step)) {
        if (player.steps[name]) await player.steps[name](value);
        else if (player.checks[name]) observed.push(player.checks[name](value, step));
    }
    await settled();
}
console.log(JSON.stringify(observed));
process.exit(0);
