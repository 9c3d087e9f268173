/** What is wrong, in a sentence each; nothing while every listener accepts and the engines answer. */
export type HealthCheck = () => readonly string[] | Promise<readonly string[]>;

/** The answer of `GET /health`, with the words of Microsoft's emulators while all is well. */
export async function healthAnswer(check: HealthCheck): Promise<Response> {
  const problems = await problemsOf(check);
  return problems.length === 0
    ? Response.json({ status: "healthy", message: "Service is healthy." })
    : Response.json({ status: "unhealthy", message: problems.join(" "), problems }, { status: 503 });
}

async function problemsOf(check: HealthCheck): Promise<readonly string[]> {
  try {
    return await check();
  } catch (error) {
    return [`The health check failed: ${error instanceof Error ? error.message : String(error)}`];
  }
}
