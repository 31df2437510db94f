/** The other tabs of this browser with the same chat. */

/** The part of a BroadcastChannel that is used. @typedef {Pick<BroadcastChannel, "postMessage" | "onmessage">} Channel */
/** @typedef {import("../net/connection.js").Clock} Clock */

const PATIENCE = 250; // milliseconds in which another tab must answer

/** Finds out whether another tab has the same secret: a browser copies it when it duplicates a tab. */
export class Tabs {
    /**
     * @param {Channel | null | undefined} channel
     * @param {Clock} clock
     */
    constructor(channel, clock) {
        this.client = ""; // the secret of this tab
        this._channel = channel;
        this._clock = clock;
        /** @type {Map<string, () => void>} what to do if another tab has a secret */
        this._asked = new Map();
        if (channel) channel.onmessage = ({ data }) => this._heard(data);
    }

    /** Whether the tabs can talk to each other. */
    get works() {
        return Boolean(this._channel);
    }

    /**
     * Return whether another tab has this secret.
     * @param {string} client
     * @returns {Promise<boolean>}
     */
    isTaken(client) {
        return new Promise(resolve => {
            if (!this._channel) return resolve(false);
            this._asked.set(client, () => resolve(true));
            this._clock.setTimeout(() => resolve(false), PATIENCE);
            this._channel?.postMessage({ whose: client });
        });
    }

    /** @param {{whose?: string, mine?: string}} message */
    _heard({ whose, mine }) {
        if (whose !== undefined && whose === this.client) this._channel?.postMessage({ mine: whose });
        else if (mine !== undefined) this._asked.get(mine)?.();
    }
}
