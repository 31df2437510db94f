/** The states of the page's connection, and the transitions between them. */

/** @typedef {"closed" | "connecting" | "logging in" | "restoring" | "online" | "waiting" | "leaving"} ConnectionState */
/** @typedef {"try" | "unreachable" | "connected" | "welcome" | "restored" | "lost" | "idle" | "leave" | "gone"} ConnectionEvent */

/**
 * The next state for each event that is possible in a state:
 *
 * - closed: not opened yet, or no longer open
 * - connecting: until the WebSocket is open
 * - logging in: until the welcome; the user may still be choosing a name
 * - restoring: logged in; rejoining rooms
 * - online: requests are sent at once
 * - waiting: until the next attempt
 * - leaving: until the server has closed the connection
 *
 * @type {Record<ConnectionState, Partial<Record<ConnectionEvent, ConnectionState>>>}
 */
const NEXT = {
    closed: { try: "connecting" },
    connecting: { unreachable: "waiting", idle: "closed", connected: "logging in", leave: "leaving" },
    "logging in": { welcome: "restoring", lost: "waiting", idle: "closed", leave: "leaving" },
    restoring: { restored: "online", lost: "waiting", leave: "leaving" },
    online: { lost: "waiting", leave: "leaving" },
    waiting: { try: "connecting", leave: "leaving" },
    leaving: { gone: "closed" },
};

/** The state of one connection; initially closed. */
export class ConnectionMachine {
    constructor() {
        /** @type {ConnectionState} */
        this.state = "closed";
    }

    /** Whether we are logged in. */
    get loggedIn() {
        return this.state === "restoring" || this.state === "online";
    }

    /**
     * Go to the next state; throw an error if the table has none.
     * @param {ConnectionEvent} event
     */
    note(event) {
        const following = NEXT[this.state][event];
        if (following === undefined) throw new Error(`"${event}" cannot happen while ${this.state}`);
        this.state = following;
    }
}
