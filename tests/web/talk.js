/**
 * Talks with the browser client's own modules over real WebSockets, without a browser.
 *
 * The arguments are an address and names. Each user says numbered lines until the standard input ends. The output has
 * lines with how many sockets each user has opened and how many lines they have stored, and at the end what all have said and seen.
 */

import { ChatSession } from "../../chatsvc/web/control/chat_session.js";
import { Keepsakes } from "../../chatsvc/web/control/keepsakes.js";

const PACE = 100; // milliseconds between two lines of a user
const [url, ...names] = process.argv.slice(2);
const clock = { now: () => Date.now(), random: () => Math.random(), setTimeout: (call, delay) => setTimeout(call, delay), clearTimeout: timer => clearTimeout(timer) };

class Talker {
    said = [];
    sockets = 0;

    constructor(name) {
        this.name = name;
        this.session = new ChatSession(() => (this.sockets++, new WebSocket(url)), clock, new Keepsakes(), () => {});
        this.session.logIn({ name });
    }

    get room() {
        return this.session.state.find("#lobby");
    }

    say() {
        const text = `${this.name} says ${this.said.length + 1}`;
        this.said.push(text);
        this.session.input.typed(text, this.room);
    }

    get stored() {
        return this.said.length - this.room.waiting.length;
    }

    get seen() {
        return this.room.present.items.filter(item => item.kind === "spoken").map(item => [item.number, item.text]);
    }

    get wrong() {
        return this.room.present.items.filter(item => item.kind === "note" && item.wrong).map(item => item.text);
    }
}

const until = async condition => {
    while (!condition()) await new Promise(resolve => setTimeout(resolve, 20));
};

const talkers = names.map(name => new Talker(name));
await until(() => talkers.every(one => one.session.connection.here && one.room?.inside));
let ended = false;
process.stdin.on("end", () => (ended = true)).resume();
const saying = setInterval(() => talkers.forEach(one => one.say()), PACE);
let told = "";
const telling = setInterval(() => {
    const line = JSON.stringify(talkers.map(one => [one.sockets, one.stored]));
    if (line !== told) console.log(told = line);
}, 20);
await until(() => ended);
clearInterval(saying);
await until(() => talkers.every(one => one.session.connection.here && !one.room.waiting.length));
const all = talkers.reduce((sum, one) => sum + one.said.length, 0);
const patience = Date.now() + 10_000;
await until(() => Date.now() > patience || talkers.every(one => one.seen.length >= all));
clearInterval(telling);
const result = talkers.map(({ name, said, seen, wrong }) => ({ name, said, seen, wrong }));
process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
