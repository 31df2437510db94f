/** The connection to the chat: opened, lost, restored and closed, as its states allow. */

import { ConnectionMachine } from "./connection_state.js";
import { NotConnected, Refused, Uncertain } from "./failures.js";
import { Outbox, requestOf } from "./outbox.js";
import { ResumeState } from "./resume_state.js";

/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("./outbox.js").Outgoing} Outgoing */
/** The name and passwords to log in with; a token replaces the account's password. @typedef {{name: string, password?: string, account_password?: string, token?: string}} Identity */

/**
 * The time, and timers. @typedef {object} Clock
 * @property {() => number} now milliseconds
 * @property {() => number} random from 0 to 1
 * @property {(call: () => void, delay: number) => number} setTimeout
 * @property {(timer: number) => void} clearTimeout
 */

/** The part of a WebSocket that is used. @typedef {Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">} Socket */

/**
 * The owner of the connection, which hears what happens.
 * @typedef {object} Front
 * @property {(event: Event, own: boolean) => void} event `own`: it answers a request of this page
 * @property {(refused: Refused, identity: Identity) => Promise<Identity>} refused asks the user for another identity
 * @property {(reason: string) => void} lost
 * @property {() => void} back logged in, for the first time or again
 * @property {(identity: Identity) => Promise<void>} prepare is awaited before each login
 * @property {(why: string, token?: string) => void} over the server does not want us to come back
 * @property {() => void} changed the state has changed
 */

const SHORTEST = 250, LONGEST = 30_000; // milliseconds between two attempts
const OPENING = 10_000; // in which a WebSocket must open
const QUIET = 20_000; // of silence after which the server is pinged
const PATIENCE = 10_000; // in which it must answer
const HURRY = 2000; // in which it must answer after the computer slept
const TICK = 5000; // a longer pause between two looks at the clock: the computer slept
const LATER = ["too-many-connections", "too-often", "full", "stopping", "busy"]; // temporary refusals
const FINAL = ["banned", "disabled", "lockdown", "tls-needed", "not-spoken", "version"];

/** Requests and events, over as many WebSockets as it takes. */
export class Connection {
    /**
     * @param {() => Socket} open opens a WebSocket
     * @param {Clock} clock
     * @param {Front} front
     * @param {string} client the secret that identifies this page, also after it was reloaded
     */
    constructor(open, clock, front, client) {
        this.resume = new ResumeState();
        this.outbox = new Outbox();
        /** @type {number | null} the time of the next attempt */
        this.nextTry = null;
        /** @type {Event | null} */
        this.about = null;
        this._open = open;
        this._clock = clock;
        this._front = front;
        this._client = client;
        this._machine = new ConnectionMachine();
        /** @type {Identity | null} */
        this._identity = null;
        /** @type {Socket | null} */
        this._socket = null;
        /** @type {Map<string, Outgoing>} requests that skip the queue */
        this._asked = new Map();
        // A tag is never used twice, also not after the page was reloaded.
        this._prefix = Math.floor(clock.random() * 36 ** 8).toString(36);
        this._tags = 0;
        this.unreachable = false; // the last attempt has failed
        this._failures = 0;
        this._welcomed = false;
        this._parting = "";
        this.moving = false; // the server restarts, and has asked us to reconnect soon
        this._heard = 0; // when the server last sent something
        this._pinged = 0; // when it was asked for an answer, if that is still due
        this._limit = 0; // until when
        this._timer = 0;
        this._tried = 0; // when the last attempt began
        this._ticked = 0; // when the clock was last looked at
    }

    get state() {
        return this._machine.state;
    }

    /** Whether requests are sent at once. */
    get here() {
        return this.state === "online";
    }

    // What the page asks for

    /** Connect, to ask what the server needs before the user has chosen a name. */
    look() {
        if (this.state === "closed") this._try();
    }

    /**
     * Log in, now or as soon as there is a connection.
     * @param {Identity} identity
     */
    login(identity) {
        this._identity = identity;
        if (this.state === "logging in") void this._logIn();
        else this.retry();
    }

    /**
     * Use another secret from the next login on.
     * @param {string} client
     */
    identify(client) {
        this._client = client;
    }

    /** Make the next attempt now. */
    retry() {
        if (this.state === "waiting" || (this.state === "closed" && this._identity)) this._try();
    }

    /** Make sure that the connection still works, after the computer slept or the network changed. */
    probe() {
        this._failures = 0;
        if (this._machine.loggedIn) this._ping(HURRY);
        else if (this.state === "connecting" && this._clock.now() - this._tried > HURRY) this._lose("the network has changed");
        this.retry();
    }

    /** Leave. What is unanswered by then is given up. */
    leave(words = "") {
        if (this.state === "closed" || this.state === "leaving") return;
        if (this._machine.loggedIn) this._send({ do: "quit", ...(words && { words }) });
        this._end();
    }

    /**
     * Make a request when its turn comes; resolve with the event that answers it.
     *
     * It is repeated after a loss, unless it is to be done `once`. If it is not complete yet, it
     * waits `until` it is. Reject with `Refused`, `Uncertain`, or `NotConnected`.
     *
     * @param {string} what
     * @param {Record<string, unknown>} given
     * @param {{alone?: boolean, once?: boolean, shown?: boolean, tag?: string, whenSent?: () => void, until?: Promise<unknown>}} [how]
     * @returns {Promise<Event>}
     */
    request(what, given, { alone = false, once = false, shown = true, tag = this.tag(), whenSent = undefined, until = undefined } = {}) {
        return new Promise((resolve, reject) => {
            const outgoing = { do: what, arguments: given, tag, alone, once, shown, whenSent, held: Boolean(until), resolve, reject };
            until?.then(() => (outgoing.held = false, this._pump()));
            if (!this.outbox.put(outgoing)) reject(new Refused("waiting", "Too many messages are waiting to be sent. This one is discarded."));
            this._pump();
        });
    }

    /**
     * Make a request whose answer is only for this program.
     * @param {string} what
     * @param {Record<string, unknown>} given
     */
    ask(what, given) {
        return this.request(what, given, { shown: false });
    }

    /** Return a new tag. */
    tag() {
        return `${this._prefix}.${++this._tags}`;
    }

    // Connecting

    _try() {
        this._machine.note("try");
        this._stopTimer();
        this.nextTry = null;
        this._tried = this._clock.now();
        const socket = this._socket = this._open();
        socket.onopen = () => this._connected();
        socket.onmessage = message => this._received(JSON.parse(message.data));
        socket.onclose = close => this._lose(close.reason || this._parting || "closed by the server");
        this._timer = this._clock.setTimeout(() => this._lose("the server does not answer"), OPENING);
        this._front.changed();
    }

    _connected() {
        this._machine.note("connected");
        this.unreachable = false;
        this._heard = this._clock.now();
        this._watch();
        this._askAtOnce("about", {}).then(about => (this.about = about, this._front.changed()), () => {});
        if (this._identity) void this._logIn();
        this._front.changed();
    }

    async _logIn() {
        const socket = this._socket;
        while (this._identity && socket === this._socket && this.state === "logging in") {
            const { name, ...proofs } = this._identity;
            if (proofs.token !== undefined) delete proofs.account_password;
            const who = this._welcomed ? this.resume.account ?? this.resume.name : name;
            await this._front.prepare({ name: who, ...proofs });
            if (socket !== this._socket) return;
            try {
                await this._askAtOnce("hello", { version: 1, name: who, client: this._client, ...proofs });
            } catch (refused) {
                if (!(refused instanceof Refused) || socket !== this._socket) return;
                if (LATER.includes(refused.code)) return this._lose(refused.message);
                if (this._welcomed && FINAL.includes(refused.code)) return this._putOut(refused.message);
                this._identity = null; // while the user thinks, the page does not try again
                this._become(await this._front.refused(refused, { name: who, ...proofs }));
                if (this.state !== "logging in") return this.retry();
                continue;
            }
            return this._restore(socket);
        }
    }

    /** @param {Identity} identity */
    _become(identity) {
        this._identity = identity;
        this.resume.name = identity.name;
        this.resume.account = null;
    }

    /**
     * Use these passwords from the next login on.
     * @param {{password?: string, account_password?: string, token?: string}} proofs
     */
    proved(proofs) {
        if (this._identity) this._identity = { ...this._identity, ...proofs };
    }

    /**
     * Rejoin rooms, and then send what waits.
     * @param {Socket | null} socket
     */
    async _restore(socket) {
        await Promise.all(this.resume.toRestore().map(request => this._restoreOne(request)));
        if (socket !== this._socket) return;
        this._machine.note("restored");
        this._front.changed();
        this._pump();
    }

    /** @param {{do: string, [argument: string]: unknown}} request */
    async _restoreOne({ do: what, ...given }) {
        try {
            await this._askAtOnce(what, given);
        } catch (refused) {
            if (!(refused instanceof Refused)) return;
            if (what === "join") this.resume.giveUp(String(given.room));
            this._front.event({ event: "refused", code: refused.code, text: refused.message }, false);
        }
    }

    // Losing and leaving

    /** @param {string} reason */
    _lose(reason) {
        const loggedIn = this._machine.loggedIn;
        this.unreachable = this.state === "connecting";
        this._drop();
        if (this.state === "leaving") return this._machine.note("gone");
        if (this._identity === null) this._machine.note("idle");
        else {
            this._machine.note(this.state === "connecting" ? "unreachable" : "lost");
            this._pause();
        }
        for (const uncertain of this.outbox.takeBack()) uncertain.reject(new Uncertain());
        if (loggedIn) this._front.lost(reason);
        this._front.changed();
    }

    _pause() {
        if (this._failures > 2) this.moving = false; // it takes longer
        const delay = Math.min(SHORTEST * 1.5 ** this._failures++, LONGEST) * (0.5 + this._clock.random());
        this.nextTry = this._clock.now() + delay;
        this._timer = this._clock.setTimeout(() => this._try(), delay);
    }

    /** Forget the socket, without waiting for the server: it may be gone. */
    _drop() {
        this._stopTimer();
        const socket = this._socket;
        this._socket = null;
        if (socket !== null) {
            socket.onopen = socket.onmessage = socket.onclose = null;
            socket.close();
        }
        const asked = [...this._asked.values()];
        this._asked.clear();
        for (const outgoing of asked) outgoing.reject(new Uncertain());
    }

    /** @param {string} why */
    _putOut(why) {
        const token = this._identity?.token;
        for (const uncertain of this.outbox.takeBack()) uncertain.reject(new Uncertain());
        this._end();
        this._front.over(why, token);
    }

    _end() {
        this._machine.note("leave");
        this._identity = null;
        this._welcomed = false;
        this._drop();
        this._machine.note("gone");
        for (const outgoing of this.outbox.empty()) outgoing.reject(new NotConnected());
        this._front.changed();
    }

    // Requests and events

    /** @param {object} request */
    _send(request) {
        this._socket?.send(JSON.stringify(request));
    }

    /**
     * Make a request that skips the queue: to log in, or to restore.
     * @param {string} what
     * @param {Record<string, unknown>} given
     * @returns {Promise<Event>}
     */
    _askAtOnce(what, given) {
        return new Promise((resolve, reject) => {
            const tag = this.tag();
            const outgoing = { do: what, arguments: given, tag, alone: false, once: true, shown: true, resolve, reject };
            this._asked.set(tag, outgoing);
            this._send(requestOf(outgoing));
        });
    }

    _pump() {
        if (!this.here) return;
        for (const outgoing of this.outbox.ready()) {
            outgoing.whenSent?.();
            this._send(requestOf(outgoing));
        }
    }

    /** @param {Event} event */
    _received(event) {
        this._heard = this._clock.now();
        const isAnswer = event.event === "pong" && event.tag === undefined;
        // Anything else may have been on its way before the computer slept: the answer is due again from now.
        if (this._pinged) this._pinged = isAnswer ? 0 : this._heard;
        if (event.event === "goodbye") {
            this._parting = event.text;
            this.moving = event.reconnect === true;
            if (event.final && this._machine.loggedIn) return this._putOut(event.text);
        }
        if (!isAnswer) this._take(event);
    }

    /** @param {Event} event */
    _take(event) {
        if (event.code === "stopping" && this.outbox.repeats(event.tag)) return; // it is sent again after reconnecting
        const queued = this.outbox.answered(event.tag);
        const outgoing = queued ?? this._asked.get(event.tag) ?? this._unread(event);
        if (outgoing !== undefined) this._asked.delete(outgoing.tag);
        const isNew = this.resume.isNew(event);
        this.resume.notice(event, outgoing !== undefined);
        if (event.event === "welcome") this._letIn(event);
        const refused = event.event === "refused" && outgoing !== undefined;
        if (isNew && !refused && outgoing?.shown !== false && event.event !== "about") this._front.event(event, outgoing !== undefined);
        if (refused) outgoing.reject(new Refused(event.code, event.text, event.suggestion));
        else outgoing?.resolve(event);
        if (queued !== undefined) this._pump();
    }

    /**
     * Return the hello that a refusal without a tag answers: a full server does not read it.
     * @param {Event} event
     */
    _unread(event) {
        if (event.event !== "refused" || this.state !== "logging in") return undefined;
        return [...this._asked.values()].find(each => each.do === "hello");
    }

    /** @param {Event} welcome */
    _letIn(welcome) {
        this._machine.note("welcome");
        this._failures = 0;
        this.moving = false;
        this._welcomed = true;
        // One fewer than allowed: at its limit, a server answers no ping.
        this.outbox.window = Math.max((welcome.limits?.in_flight ?? 0) - 1, 1);
        this._front.back();
    }

    // Noticing a dead connection

    _watch() {
        this._clock.clearTimeout(this._timer);
        this._ticked = this._clock.now();
        this._timer = this._clock.setTimeout(() => this._look(), 1000);
    }

    _look() {
        const now = this._clock.now();
        if (now - this._ticked > TICK) this.probe();
        else if (this._pinged && now - this._pinged >= this._limit) return this._lose("the server does not answer");
        else if (now - this._heard >= QUIET) this._ping(PATIENCE);
        this._watch();
    }

    /** @param {number} limit milliseconds in which the server must answer */
    _ping(limit) {
        const now = this._clock.now();
        if (this._pinged && this._pinged + this._limit <= now + limit) return;
        this._send({ do: "ping" });
        this._pinged = now;
        this._limit = limit;
    }

    _stopTimer() {
        this._clock.clearTimeout(this._timer);
        this._pinged = 0; // the next socket owes no answer
    }
}
