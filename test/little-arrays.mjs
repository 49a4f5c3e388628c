// An answer that the engine has memory for and JavaScript has not, then one that both have.
import { datasets, setThreads } from "sparring";

await setThreads(1);
const data = await datasets.fromBytes(new Uint8Array(100 << 20), { shape: [100, 1, 1024, 1024] });

async function read(count) {
  try {
    const { data: values } = await data.read(0, count);
    console.log(JSON.stringify({ values: values.length }));
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }));
  }
}

await read(100);
await read(1);
