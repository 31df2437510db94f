/** A visit to the chat: joining, following events, reconnecting. It puts the parts together, without a page. */

import { SERVER } from "../model/buffers.js";
import { apply } from "../model/events.js";
import { State } from "../model/state.js";
import { key } from "../model/text_rules.js";
import { TypingIndicator } from "../model/typing_indicator.js";
import { Connection } from "../net/connection.js";
import { FIRST_ROOM } from "../net/resume_state.js";
import { Adoption } from "./adoption.js";
import { HistoryLoader } from "./history_loader.js";
import { InputHandler } from "./input_handler.js";
import { Later } from "./later.js";
import { Preferences } from "./preferences.js";
import { Tabs } from "./tabs.js";
import { Unsent } from "./unsent.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("../net/connection.js").Clock} Clock */
/** @typedef {import("../net/connection.js").Identity} Identity */
/** @typedef {import("../net/connection.js").Socket} Socket */
/** @typedef {import("../net/failures.js").Refused} Refused */
/** @typedef {import("./keepsakes.js").Keepsakes} Keepsakes */
/** What all tabs of the browser share. @typedef {{database?: IDBFactory, channel?: import("./tabs.js").Channel | null}} Browser */

/**
 * What the login form shows.
 * @typedef {object} Login
 * @property {boolean} busy the server has not answered yet
 * @property {string} name
 * @property {Refused | null} refused
 * @property {boolean} password ask for the server's password
 * @property {boolean} account ask for the password of the name
 * @property {string} over why the visit ended
 */

/** Keeps the state in step with the server. */
export class ChatSession {
    /**
     * @param {() => Socket} open opens a WebSocket
     * @param {Clock} clock
     * @param {Keepsakes} keepsakes
     * @param {() => void} changed
     * @param {Browser} [browser]
     */
    constructor(open, clock, keepsakes, changed, browser = {}, preferences = new Preferences(null)) {
        this.keepsakes = keepsakes;
        this.preferences = preferences;
        this._clock = clock;
        this._isBack = keepsakes.isBack; // the page was reloaded, or the tab duplicated
        this.state = new State(changed);
        this.connection = new Connection(open, clock, this, this._client());
        this.reading = new HistoryLoader(this.connection, this.state, clock);
        this.input = new InputHandler(this);
        this.later = new Later();
        this.state.whenWordless = () => void this.later.load(this.state);
        /** Messages that survive a reload. @type {Pick<import("./unsent.js").Unsent, "works" | "add" | "remove">} */
        this.unsent = { works: true, add() {}, remove() {} };
        /** Takes over what closed tabs have not sent. @type {Pick<import("./adoption.js").Adoption, "before" | "after">} */
        this.adoption = { async before() {}, after() {} };
        this.typing = new TypingIndicator((how, pane) => this._signal(how, pane));
        /** Messages of a visit that has ended, and of before a reload. @type {import("./unsent.js").Message[]} */
        this.kept = [];
        this.leaving = false; // the user wants to leave nothing behind
        this.joins = true; // rooms, after the login
        this.inside = false; // has joined, connected or not
        /** @type {Login | null} null while the user is in the chat */
        this.login = this.initialLogin;
        /** @type {(text: string, pane: Buffer) => void} restores a refused text to the input */
        this.giveBack = (text, pane) => void (pane.draft ||= text);
        /** @type {(room: string) => void} asks for the password of a room, to join it */
        this.askPassword = () => {};
        /** @type {(text: string) => void} inserts a text into the input */
        this.insert = () => {};
        /** @type {(event: Event, given: {command: string, given: Record<string, unknown>}) => void} shows a list that was asked for */
        this.present = () => {};
        /** @type {string | null} the room to show as soon as it is joined again after a reload */
        this._goal = null;
        /** Starts the page again from the beginning. */
        this.restart = () => {};
        this._stay = false; // request a token after the login
        /** @type {{name: string | null, token?: string} | null} an account's visit that the server has ended */
        this.ended = null;
        this._browser = browser;
        this._changed = changed;
        /** @type {((identity: Identity) => void) | null} */
        this._answer = null;
    }

    /** Whether the user is an operator of the server. */
    get isOperator() {
        return this.state.operator;
    }

    /** The form before anything was entered. @returns {Login} */
    get initialLogin() {
        return { busy: false, name: this.state.name, refused: null, password: false, account: false, over: "" };
    }

    /** The time. */
    get now() {
        return this._clock.now();
    }

    // Joining

    /** Come back after a reload, or ask the server what the login form needs. */
    async begin() {
        const { place, token: known } = this.keepsakes;
        this.connection.look();
        const name = place?.name ?? known?.name;
        if (name !== undefined && this.login !== null) this.login = { ...this.login, busy: true, name };
        await this._identify().catch(() => {}); // then the page works like one that is opened for the first time
        if (place !== null) {
            this.connection.resume.remember(place.rooms);
            this.connection.resume.here = place.here;
            this._goal = place.here || null;
            this.state.arrived = this._goal !== null; // what is in the other rooms was not read
        }
        if (name !== undefined) this.logIn({ name, ...((place?.account ?? true) && known?.name === name && { token: known.token }) });
    }

    /** Find out whether this tab was duplicated, and what it had not sent. */
    async _identify() {
        const tabs = new Tabs(this._browser.channel, this._clock);
        const unsent = this.unsent = new Unsent(this._browser.database);
        let isBack = this._isBack;
        tabs.client = this._client(); // from now on, nobody else takes it over
        if (isBack && (await tabs.isTaken(tabs.client) || await unsent.isClaimed(tabs.client))) {
            isBack = false;
            this.keepsakes.giveUpClient();
            tabs.client = this._client();
            this.connection.identify(tabs.client);
        }
        this.adoption = new Adoption(this, tabs, unsent, isBack);
        this.state.name ||= this.keepsakes.place?.name ?? "";
        this.kept = await unsent.of(tabs.client);
    }

    _client() {
        return this.keepsakes.client(() => secret(this._clock));
    }

    /**
     * Log in as the form says.
     * @param {Identity} identity
     * @param {boolean} [stay] log in again later, without the password
     */
    logIn(identity, stay = false) {
        this._stay = stay;
        if (this.login !== null) this.login = { ...this.login, busy: true, name: identity.name, over: "" };
        const answer = this._answer;
        this._answer = null;
        if (answer !== null) answer(identity);
        else this.connection.login(identity);
        this._changed();
    }

    /**
     * Show the login form again.
     * @param {Refused} refused
     * @param {Identity} identity
     * @returns {Promise<Identity>}
     */
    refused(refused, identity) {
        if (refused.code === "bad-token") {
            const known = this.keepsakes.token;
            // Another tab has a newer one.
            if (known !== null && known.token !== identity.token) return Promise.resolve({ ...identity, token: known.token });
            this.forgetToken();
            this.ended = identity;
        }
        const ofName = ["registered", "bad-token"].includes(refused.code) || (refused.code === "wrong-password" && refused.suggestion !== undefined);
        const ofServer = !ofName && (refused.code === "password-needed" || refused.code === "wrong-password");
        this.login = {
            busy: false, name: identity.name, refused, over: "", password: ofServer || identity.password !== undefined, account: ofName,
        };
        this._changed();
        return new Promise(resolve => (this._answer = resolve));
    }

    /**
     * Prepare for a login.
     * @param {Identity} identity
     */
    prepare(identity) {
        return this.adoption.before(identity);
    }

    /** Note that the server has let us in, for the first time or again. */
    back() {
        const { resume } = this.connection;
        if (!this.joins) resume.places.clear();
        else if (!resume.places.size) resume.remember([FIRST_ROOM]);
        this.adoption.after();
        if (this.joins) this.resend(this.kept.splice(0).filter(message => this._isOurs(message) || void this.kept.push(message)));
        this.inside = true;
        this.login = null;
        const stay = this._stay && resume.account !== null;
        this._stay = false;
        void this.later.load(this.state, resume.account !== null).then(() => (stay ? this.stayLoggedIn() : undefined));
        this._keepPlace();
        this._changed();
    }

    /** Return whether the user has written a message, and no other one who has logged in here. @param {import("./unsent.js").Message} message */
    _isOurs({ guest, name = "" }) {
        const { account, name: current } = this.connection.resume;
        return (guest && account === null) || key(name) === key(account ?? current);
    }

    /** Send messages of before, after joining their rooms. @param {import("./unsent.js").Message[]} messages */
    resend(messages) {
        const { resume } = this.connection;
        resume.remember([...new Set(messages.map(each => each.pane))].filter(pane => pane.startsWith("#") && !resume.places.has(pane)));
        for (const message of messages) void this.input.send(message);
    }

    /** @param {string} _reason */
    lost(_reason) {
        this._changed(); // the status line says so
    }

    /**
     * Note that the visit has ended.
     * @param {string} why
     * @param {string} [token] with which we were logged in
     */
    over(why, token) {
        this.inside = false;
        this.keepsakes.place = null;
        this.login = { ...this.initialLogin, over: why };
        this.ended = { name: this.connection.resume.account, token };
        if (token !== undefined) this.tokenChanged();
        this._changed();
    }

    /** Come back if another tab was given a token, after that had changed the password. */
    tokenChanged() {
        this.later.account?.comeBack(this);
    }

    /**
     * Leave the chat, and nothing for the next person at this computer.
     * @param {string} [words]
     */
    async leave(words) {
        this.leaving = true;
        const patience = new Promise(resolve => this._clock.setTimeout(() => resolve(undefined), 1000));
        await Promise.race([this.endToken(), patience]);
        this.connection.leave(words);
        this.keepsakes.clear();
        this.restart();
    }

    changed() {
        this._changed();
    }

    // The account's token

    /** Log in without the password from now on, also in other tabs and after the browser was closed. */
    async stayLoggedIn() {
        await this.later.account?.requestToken(this).catch(() => {});
    }

    /** Replace the token, which a new password has ended. */
    async renewToken() {
        await this.later.account?.renewToken(this).catch(() => {});
    }

    /** End the token, so that the next person at this computer needs the password. */
    async endToken() {
        if (this.keepsakes.token !== null) await this.later.account?.endToken(this).catch(() => {});
    }

    /** Forget the token, which the server no longer accepts. */
    forgetToken() {
        this.keepsakes.token = null;
        this.connection.proved({ token: undefined });
    }

    // Events

    /**
     * @param {Event} event
     * @param {boolean} own
     */
    event(event, own) {
        if (event.event === "goodbye") return;
        apply(this.state, event, this.now, own);
        if (event.event === "welcome") this._listConversations();
        if (event.event === "refused") this._missGoal();
        if (event.event === "you" && event.account === undefined) this.forgetToken();
        else if (event.event === "you") void this.later.load(this.state, true);
        if (event.event === "entered") {
            void this.reading.askWho(event.room);
            this.reading.fill(this.state.open(event.room));
            if (event.room === this._goal) this._reachGoal(event.room);
        }
        if (["entered", "exited", "removed", "renamed", "you"].includes(event.event)) this._keepPlace();
    }

    /** Open the private conversations of before a reload, and those of the account. */
    _listConversations() {
        for (const name of this.keepsakes.place?.private ?? []) this.state.open(name);
        if (this._goal?.startsWith("@")) this._reachGoal(this._goal);
        if (this.state.account === null) return;
        void import("./conversations.js").then(({ listConversations }) => listConversations(this)).catch(() => {});
    }

    /** Show another room, if the one of before the reload refuses us. */
    _missGoal() {
        const { places } = this.connection.resume, [room] = places.keys();
        if (!this._goal?.startsWith("#") || places.has(this._goal)) return;
        if (room === undefined) this._goal = null;
        else if (this.state.find(room)) this._reachGoal(room);
        else this._goal = room; // it is still being joined
    }

    /** @param {string} room */
    _reachGoal(room) {
        this._goal = null;
        this.lookAt(room);
    }

    _keepPlace() {
        if (!this.joins) return;
        const { resume } = this.connection;
        this.keepsakes.place = {
            name: resume.account ?? resume.name, rooms: [...resume.places.keys()], private: this._conversations(), here: this._goal ?? this.state.here, account: resume.account !== null,
        };
    }

    _conversations() {
        const known = [...this.state.panes.keys()].filter(name => name.startsWith("@"));
        return this.state.panes.size > 1 ? known : this.keepsakes.place?.private ?? [];
    }

    // What the user does

    /**
     * Switch to another buffer; each keeps its own draft.
     * @param {string} name
     */
    lookAt(name) {
        const pane = this.state.select(name);
        this.reading.fill(pane);
        if (pane.name.startsWith("#") && pane.inside) {
            this.connection.resume.here = pane.name;
            void this.reading.standIn(pane.name);
        }
        this._keepPlace();
    }

    /**
     * Go to a room or conversation, joining or opening it if necessary.
     * @param {string} name
     */
    goTo(name) {
        if (name.startsWith("#") && !this.state.find(name)) this.input.typed(`/join ${name}`, this.state.pane);
        else this.lookAt(name);
    }

    /**
     * Show a message, or the first one after a time; return whether there is one.
     * @param {string} name
     * @param {number | string} where
     */
    async jump(name, where) {
        this.goTo(name);
        const pane = this.state.find(name);
        return pane !== undefined && await this.reading.jump(pane, where);
    }

    /** The buffers in the order of the list: rooms, conversations, the server's messages. */
    get listed() {
        const rank = (/** @type {Buffer} */ pane) => (pane.name === SERVER ? 2 : Number(pane.private));
        const listed = [...this.state.panes.values()].filter(pane => pane.name !== SERVER || pane.items.length > 0 || pane === this.state.pane);
        return listed.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
    }

    /**
     * Switch to the next or previous buffer in the list.
     * @param {number} steps
     */
    step(steps) {
        const names = this.listed.map(pane => pane.name);
        this.lookAt(names[(names.indexOf(this.state.here) + steps + names.length) % names.length]);
    }

    /**
     * Hide everything in a buffer so far.
     * @param {Buffer} pane
     */
    clear(pane) {
        pane.clear();
        this._changed();
    }

    /**
     * Show a notice.
     * @param {string} text
     * @param {boolean} [wrong]
     * @param {string} [where]
     */
    note(text, wrong, where) {
        this.state.note(text, this.now, wrong, where);
    }

    /**
     * @param {string} how
     * @param {Buffer} pane
     */
    _signal(how, pane) {
        if (!this.connection.here) return; // a lost notice does no harm
        const to = pane.private ? { name: pane.name.slice(1) } : { room: pane.name };
        this.connection.request("signal", { signs: { typing: how }, ...to }, { once: true, shown: false }).catch(() => {});
    }
}

/** @param {Clock} clock */
function secret(clock) {
    const bytes = globalThis.crypto?.getRandomValues?.(new Uint8Array(24)) ?? Array.from({ length: 24 }, () => clock.random() * 256);
    return Array.from(bytes, byte => Math.floor(byte).toString(16).padStart(2, "0")).join("");
}

