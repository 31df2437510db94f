/** What each event from the server changes in the state. No page. */

import { SERVER } from "./buffers.js";
import { note, spoken, whispered } from "./items.js";
import * as occupants from "./occupants.js";
import { key } from "./text_rules.js";

/** @typedef {import("./buffers.js").Buffer} Buffer */
/** @typedef {import("./items.js").Event} Event */
/** @typedef {import("./items.js").Spoken} Spoken */
/** @typedef {import("./state.js").State} State */

const TYPING = 6000; // milliseconds for which a user counts as typing

/**
 * What the state does with each event that has a display of its own.
 * @type {Record<string, (state: State, event: Event, now: number, own: boolean) => void>}
 */
const APPLY = {
    said: (state, event, now, own) => said(state, event, own),
    told,
    welcome(state, event, now) {
        identify(state, event);
        state.chat = event.chat;
        if (event.motd) state.words(event, now, state.server);
    },
    you(state, event, now) {
        identify(state, event);
        state.words(event, now);
    },
    entered,
    exited: (state, event) => state.close(event.room),
    joined: came,
    left: went,
    renamed,
    moved(state, event, now) {
        renameRoom(state, event.room, event.to);
        state.words(event, now, state.find(event.to));
    },
    away,
    role(state, event, now) {
        const pane = state.open(event.room);
        occupants.giveRole(pane, event);
        state.words(event, now, pane);
    },
    topic(state, event, now) {
        const pane = state.open(event.room);
        pane.topic = event.text ?? "";
        state.words(event, now, pane);
    },
    people(state, event) {
        const pane = event.room && state.find(event.room);
        if (pane) occupants.note(pane, event);
    },
    deleted,
    marked,
    signal,
    removed(state, event, now) {
        const pane = event.room ? state.open(event.room) : undefined;
        if (pane !== undefined) {
            occupants.removed(pane, [event.name]);
            if (event.own) pane.inside = false;
        }
        state.words(event, now, pane);
    },
    banned(state, event, now) {
        const pane = event.room && state.find(event.room);
        if (pane && !event.mute) occupants.removed(pane, event.hit ?? []);
        state.words(event, now, pane || undefined);
    },
    talking() {}, // the current buffer determines where lines go
    cleared: state => state.pane.clear(),
    refused: (state, event, now) => state.note(event.text, now, true),
    notice: (state, event, now, own) => state.words(event, now, own ? undefined : state.server),
    online: (state, event, now, own) => state.words(event, now, own ? undefined : state.server),
    offline: (state, event, now, own) => state.words(event, now, own ? undefined : state.server),
};

/**
 * Update the state; `own` says that the event answers a request of this page.
 * @param {State} state
 * @param {Event} event
 * @param {number} now
 */
export function apply(state, event, now, own = false) {
    if (Object.hasOwn(APPLY, event.event)) APPLY[event.event](state, event, now, own);
    else state.words(event, now);
    state.changed();
}

// Messages

/**
 * @param {State} state
 * @param {Event} line
 * @param {boolean} own
 */
function said(state, line, own) {
    const pane = state.open(line.room);
    const item = spoken(line, own || state.isMe(line), state.mentionsMe(line.text));
    pane.typing.delete(line.from);
    const member = pane.people.get(key(line.from));
    if (member !== undefined) member.spoke = ++state.turns;
    add(state, pane, item);
}

/**
 * @param {State} state
 * @param {Event} line
 * @param {number} now
 */
function told(state, line, now) {
    if (line.to.startsWith("@#")) {
        state.words(line, now, state.open(line.to.slice(1)));
        return;
    }
    const pane = state.open(line.room || `@${line.own ? line.to : line.from}`);
    pane.typing.delete(line.from);
    add(state, pane, whispered(line));
}

/**
 * @param {State} state
 * @param {Buffer} pane
 * @param {Spoken} item
 */
function add(state, pane, item) {
    if (item.number && item.number <= pane.present.last) return; // a page of history has brought it already
    const sees = state.sees(pane);
    pane.present.add(item);
    if (item.own) pane.mark(null);
    else if (pane.newAfter !== null && pane.new === null) pane.placeMark();
    if (sees || item.own) state.readTo(pane, item.number);
    else if (!item.number || item.number > pane.read) countUnread(pane, item);
    if (!item.own && (sees || !item.number || item.number > pane.read)) state.whenNew(pane, item, sees);
}

/**
 * @param {Buffer} pane
 * @param {Spoken} item
 */
function countUnread(pane, item) {
    if (!pane.unread) {
        pane.mark(pane.present.end - 1);
        pane.newAfter = item.number ? pane.read : null;
    }
    pane.unread++;
    pane.mentions += Number(item.mention);
}

/**
 * @param {State} state
 * @param {Event} event
 */
function deleted(state, event) {
    const pane = state.find(event.room);
    for (const stretch of pane ? [pane.present, pane.past] : []) {
        const position = stretch?.find(event.number) ?? -1;
        if (stretch && position >= 0) {
            const item = /** @type {Spoken} */ (stretch.items[position]);
            stretch.items[position] = { ...item, text: "", deleted: event.by };
        }
    }
}

/**
 * Update a read position that was reported by another device.
 * @param {State} state
 * @param {Event} event
 */
function marked(state, event) {
    const pane = state.find(event.room);
    if (pane === undefined) return;
    pane.marked = Math.max(pane.marked, event.number);
    if (event.number > pane.read) {
        pane.read = event.number;
        pane.missed = 0;
        pane.recount();
    }
}

/**
 * @param {State} state
 * @param {Event} event
 * @param {number} now
 */
function signal(state, event, now) {
    const room = event.to.replace(/^@#/, "#"); // to the moderators of a room
    const pane = state.find(room.startsWith("#") ? room : `@${event.from}`);
    if (pane === undefined || event.own || !event.signs?.typing) return;
    pane.typing.delete(event.from);
    if (event.signs.typing === "active") pane.typing.set(event.from, now + TYPING);
}

// Rooms and people

/**
 * Note who the user is.
 * @param {State} state
 * @param {Event} event
 */
function identify(state, event) {
    state.name = event.name;
    state.account = event.account ?? null;
    state.operator = event.operator ?? false;
}

/**
 * @param {State} state
 * @param {Event} event
 */
function entered(state, event) {
    for (const name of event.former ?? []) renameRoom(state, name, event.room);
    const pane = state.open(event.room);
    if (!pane.filled && !pane.present.last) begin(pane, event);
    pane.inside = true;
    pane.topic = event.topic ?? "";
    pane.read = Math.max(pane.read, event.read ?? 0);
    pane.marked = Math.max(pane.marked, event.read ?? 0);
    pane.missed = event.mentions ?? 0;
    const names = /** @type {string[]} */ ([...(event.names ?? []), event.name]);
    pane.people = new Map(names.map(name => [key(name), occupants.somebody(name)]));
    pane.company++;
    state.name = event.name;
    if (state.here === SERVER && !state.arrived) state.select(event.room);
    state.arrived = true;
}

/**
 * Set the unread mark of a joined room, from the account's or the guest's read position.
 * @param {Buffer} pane
 * @param {Event} event
 */
function begin(pane, event) {
    pane.read = event.read ?? event.last - (event.new ?? 0);
    if (pane.read < event.last) pane.markAfter(pane.read);
}

/**
 * @param {State} state
 * @param {Event} event
 * @param {number} now
 */
function came(state, event, now) {
    occupants.came(state.open(event.room), event, now);
    noteHere(state, event.names, true, now);
}

/**
 * @param {State} state
 * @param {Event} event
 * @param {number} now
 */
function went(state, event, now) {
    occupants.went(state.open(event.room), event, now);
    if (event.gone) noteHere(state, event.names, false, now);
}

/**
 * Note that people with a private conversation have come online or gone offline.
 * @param {State} state
 * @param {string[]} names
 * @param {boolean} here
 * @param {number} now
 */
function noteHere(state, names, here, now) {
    const written = new Map(names.map(name => [key(name), name]));
    for (const pane of state.panes.values()) {
        const name = pane.private ? written.get(key(pane.name.slice(1))) : undefined;
        if (name === undefined || pane.inside === here) continue;
        pane.inside = here;
        pane.typing.clear();
        pane.present.add(note(now, here ? `${name} is back.` : `${name} has left.`));
    }
}

/**
 * @param {State} state
 * @param {Event} event
 * @param {number} now
 */
function renamed(state, event, now) {
    if (event.own) state.name = event.new;
    for (const pane of state.panes.values()) {
        const member = pane.people.get(key(event.old));
        if (member === undefined) continue;
        pane.people.delete(key(event.old));
        pane.people.set(key(event.new), { ...member, name: event.new });
        pane.company++;
        state.words(event, now, pane);
    }
    const private_ = state.find(`@${event.old}`);
    if (private_ === undefined) return;
    state.words(event, now, private_);
    if (!private_.kept && state.find(`@${event.new}`) === undefined) call(state, private_, `@${event.new}`);
}

/**
 * Continue a room under another name.
 * @param {State} state
 * @param {string} room
 * @param {string} to
 */
function renameRoom(state, room, to) {
    const pane = state.find(room);
    if (pane !== undefined && [undefined, pane].includes(state.find(to))) call(state, pane, to);
}

/**
 * Continue a conversation under another name, in the same place.
 * @param {State} state
 * @param {Buffer} pane
 * @param {string} name
 */
function call(state, pane, name) {
    state.panes = new Map([...state.panes].map(([known, each]) => [each === pane ? name : known, each]));
    if (state.here === pane.name) state.here = name;
    pane.name = name;
}

/**
 * @param {State} state
 * @param {Event} event
 * @param {number} now
 */
function away(state, event, now) {
    for (const pane of state.panes.values()) {
        const member = pane.people.get(key(event.name));
        if (member === undefined) continue;
        member.away = event.reason !== undefined;
        pane.company++;
    }
    if (event.written) state.words(event, now, state.find(`@${event.name}`));
    else if (event.own) state.words(event, now);
}
