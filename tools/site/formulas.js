// TeX to HTML: a JSON list of {tex, display} on stdin, a JSON list of HTML on stdout.
const katex = require("katex");

let text = "";
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => {
    const done = JSON.parse(text).map(({ tex, display }) =>
        katex.renderToString(tex, { displayMode: display, throwOnError: true, strict: "error" }),
    );
    process.stdout.write(JSON.stringify(done));
});
