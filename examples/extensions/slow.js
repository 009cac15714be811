#!/usr/bin/env node
// A namespace with a method that takes its time, in JavaScript and without a library: `wait(seconds)` answers when they
// are over, and holds up nobody meanwhile. It ends early when whoever called has gone.
"use strict";
const net = require("node:net");
const readline = require("node:readline");

const channel = new net.Socket({ fd: Number(process.env.SUPERVISOR_EXT_FD), readable: true, writable: true });
delete process.env.SUPERVISOR_EXT_FD;

const write = (message) => channel.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
const waiting = new Map(); // timers, by the ids of their calls

// A method answers by the function it is given: now or later, once.
const methods = {
    wait: {
        help: "Waits so many seconds, and says so.",
        signature: ["string", "double"],
        call([seconds], answer, id) {
            if (typeof seconds !== "number") return answer(wrong("wait(seconds)"));
            const timer = setTimeout(() => {
                waiting.delete(id);
                answer({ result: `waited ${seconds} s` });
            }, seconds * 1000);
            waiting.set(id, { timer, answer });
        },
    },
    ping: {
        help: "Answers at once.",
        signature: ["string"],
        call(_, answer) { answer({ result: "pong" }); },
    },
};

const fault = (code, message) => ({ error: { code, message } });
const wrong = (usage) => fault(2, `INCORRECT_PARAMETERS: ${usage}`);
const unknown = fault(1, "UNKNOWN_METHOD");

function serve({ id, method, params }) {
    const answer = (outcome) => write({ id, ...outcome });
    if (method === "initialize") {
        const described = Object.entries(methods).map(([name, { help, signature }]) => ({ name, help, signature }));
        answer({ result: { methods: described } });
    } else if (method === "call") {
        const called = methods[params.method];
        if (!called) answer(unknown);
        else if (params.params.length !== called.signature.length - 1) answer(wrong(called.signature.slice(1).join(", ")));
        else called.call(params.params, answer, id);
    } else if (method === "cancel") {
        const { timer, answer: tell } = waiting.get(params.id) ?? {};
        if (!tell) return;
        clearTimeout(timer);
        waiting.delete(params.id);
        tell(fault(30, "FAILED: nobody waits any more"));
    } else if (method === "shutdown") {
        channel.end(() => process.exit(0));
    } else if (method && id !== undefined) {
        answer(unknown);
    }
}

readline.createInterface({ input: channel }).on("line", (line) => serve(JSON.parse(line))).on("close", () => process.exit(0));
