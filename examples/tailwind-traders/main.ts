import { runJob } from "./job/job.js";

// What nobody expected is still one message, and a run that failed.
process.on("uncaughtException", (error) => {
  process.stderr.write(`✗ unexpected: ${error.message}\n`);
  process.exit(1);
});

process.exitCode = await runJob(process.argv.slice(2), process.stdout, process.stderr);
