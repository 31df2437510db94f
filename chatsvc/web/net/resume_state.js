/** The user's place in a chat: name, rooms, and the last line of each. No connection. */

import { key } from "../model/text_rules.js";

/** @typedef {import("../model/items.js").Event} Event */
/** A joined room: the number of the last line shown, or where to start if none was. @typedef {{start: number, seen: number}} RoomPosition */

export const FIRST_ROOM = "#lobby";
export const HISTORY = 50; // lines requested on joining a room
const MISSED = 200; // lines requested for each of the account's rooms after an absence
const REMEMBERED = 1000; // private messages remembered, to avoid showing them twice

/** What the events of the server say about us. The server forgets it when the connection ends. */
export class ResumeState {
    constructor() {
        this.name = "";
        /** @type {string | null} */
        this.account = null;
        /** @type {Map<string, RoomPosition>} */
        this.places = new Map();
        /** @type {string | null} the room that commands without one apply to */
        this.here = null;
        /** @type {string | undefined} */
        this.away = undefined;
        /** @type {string[]} */
        this.ignored = [];
        /** @type {string | null} a name other than the account's */
        this.nick = null;
        /** @type {Set<string>} rooms of ours that refuse us */
        this._givenUp = new Set();
        /** @type {string[]} */
        this._told = [];
    }

    /**
     * Return whether an event is not a repeated line, and remember it.
     * @param {Event} event
     */
    isNew(event) {
        if (event.event === "said") {
            const place = this.places.get(event.room);
            if (place === undefined) return true;
            const isNew = event.number > place.seen;
            place.seen = Math.max(place.seen, event.number);
            return isNew;
        }
        if (event.event === "told" && event.number !== undefined) {
            const line = `${event.room} ${event.number} ${event.time}`;
            if (this._told.includes(line)) return false;
            this._told.push(line);
            if (this._told.length > REMEMBERED) this._told.shift();
        }
        return true;
    }

    /**
     * Note what an event changes; `asked` says that the user requested it.
     * @param {Event} event
     */
    notice(event, asked = true) {
        switch (event.event) {
            case "welcome": return this._letIn(event);
            case "you": return this._become(event);
            case "entered": return this._entered(event, asked);
            case "exited": return this._left(event);
            case "removed": return event.own && event.room ? this._left(event) : undefined;
            case "moved": return this._rename(event.room, event.to);
            case "talking": this.here = event.room ?? this.here; return;
            case "renamed": return event.own ? this._called(event.new) : undefined;
            case "away": if (event.own) this.away = event.reason; return;
            case "ignoring": this.ignored = event.names ?? []; return;
        }
    }

    /**
     * Forget a room that refuses us.
     * @param {string} room
     */
    giveUp(room) {
        this.places.delete(room);
        this._givenUp.add(room);
    }

    /**
     * Return the requests that restore everything but the name, the current room last.
     * @returns {{do: string, [argument: string]: unknown}[]}
     */
    toRestore() {
        const rooms = [...this.places.keys()].sort((one, other) => Number(one === this.here) - Number(other === this.here));
        const nick = this.nick !== null && this.nick !== this.name ? [{ do: "nick", name: this.nick }] : [];
        return [
            ...nick,
            ...this.ignored.map(name => ({ do: "ignore", name })),
            ...rooms.map(room => this._joining(room)),
            ...(this.away === undefined ? [] : [{ do: "away", reason: this.away }]),
        ];
    }

    /** @param {string} room */
    _joining(room) {
        const { seen, start } = /** @type {RoomPosition} */ (this.places.get(room));
        // The room of a page that was reloaded: its lines are gone, so the last ones are shown again.
        return { do: "join", room, mentions: true, ...(start < 0 ? { last: HISTORY } : { after: seen || start }) };
    }

    /**
     * Rejoin rooms that the page was in before it was reloaded.
     * @param {string[]} rooms
     */
    remember(rooms) {
        for (const room of rooms) this.places.set(room, { start: -1, seen: 0 });
    }

    /** @param {Event} welcome */
    _letIn(welcome) {
        const nick = welcome.account === undefined ? null : this.nick;
        this.account = welcome.account ?? null;
        this._called(welcome.name);
        this.nick = nick ?? this.nick;
        for (const { room, seen, last } of welcome.rooms ?? [])
            if (!this._givenUp.has(room) && !this.places.has(room))
                this.places.set(room, { start: Math.max(seen, last - MISSED), seen: 0 });
    }

    /** @param {Event} you */
    _become(you) {
        this.account = you.account ?? null;
        if (you.how === "logout") this.places.clear();
        if (you.how === "logout" || you.how === "login") {
            this.away = undefined;
            this.ignored = [];
        }
        this._called(you.name);
    }

    /** @param {string} name */
    _called(name) {
        this.name = name;
        this.nick = this.account === null || this.account === name ? null : name;
    }

    /**
     * Note that a room has another name; its lines keep their numbers.
     * @param {string} room
     * @param {string} to
     */
    _rename(room, to) {
        this.places = new Map([...this.places].map(([name, place]) => [name === room ? to : name, place]));
        if (this.here === room) this.here = to;
    }

    /**
     * @param {Event} entered
     * @param {boolean} asked
     */
    _entered(entered, asked) {
        for (const room of this.places.keys()) if (entered.former?.includes(key(room))) this._rename(room, entered.room);
        const lines = asked ? HISTORY : entered.new ?? 0;
        const before = Math.max(entered.last - lines, 0);
        const place = this.places.get(entered.room) ?? { start: before, seen: 0 };
        this.places.set(entered.room, place);
        if (place.start < 0) place.start = before;
        // Fewer lines than were shown: it is another archive, whose numbers start over.
        place.seen = Math.min(place.seen, entered.last);
        place.start = Math.min(place.start, entered.last);
        this._givenUp.delete(entered.room);
        if (asked || this.here === null) this.here = entered.room;
    }

    /** @param {Event} event */
    _left(event) {
        this.places.delete(event.room);
        this.here = event.here ?? null;
    }
}
