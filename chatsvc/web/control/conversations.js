/** Lists the private conversations of an account again, after a login or a reload. */

/** @typedef {import("./chat_session.js").ChatSession} ChatSession */

const RECENT = 30 * 24 * 3_600_000; // milliseconds
const MOST = 100; // rooms and conversations

/**
 * Open the account's recent conversations; count what is unread in them.
 * @param {ChatSession} session
 */
export async function listConversations({ connection, now, reading, state }) {
    const { rooms } = await connection.ask("recent", { after: new Date(now - RECENT).toISOString(), n: MOST });
    for (const { room, number } of rooms) {
        if (!room.startsWith("@")) continue;
        const pane = state.open(room);
        const marked = await connection.ask("mark", { room });
        pane.read = Math.max(pane.read, marked.number);
        pane.marked = Math.max(pane.marked, marked.number);
        if (pane.read < number) reading.fill(pane);
    }
    state.changed();
}
