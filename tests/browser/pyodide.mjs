// node pyodide.mjs FOLDER FILE: run a file of Python in Pyodide, with the packages of its folder.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const [folder, file] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${folder}/`, packages: ["mailsim"] });
python.setStdout({ batched: (text) => process.stdout.write(`${text}\n`) });
python.globals.set("__name__", "__main__");
await python.runPythonAsync(readFileSync(file, "utf-8"));
