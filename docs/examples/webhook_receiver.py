"""A receiver of the service's webhooks, whole: `pip install fastapi uvicorn standardwebhooks`.

WEBHOOK_SECRET=whsec_... uvicorn webhook_receiver:app --port 9000
"""

import os

from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

app = FastAPI()
webhook = Webhook(os.environ["WEBHOOK_SECRET"])
# In a real receiver: a table with a unique column, so that a restart forgets nothing.
seen: set[str] = set()


@app.post("/image-webhook")
async def receive(request: Request) -> Response:
    """Check the signature over the bytes as they came, answer at once, and work later."""
    body = await request.body()
    try:
        event = webhook.verify(body, dict(request.headers))
    except WebhookVerificationError:
        return Response(status_code=400)
    message_id = request.headers["webhook-id"]
    if message_id not in seen:  # The same message may come more than once.
        seen.add(message_id)
        status = event["data"]
        print(event["type"], status["request_id"], status["links"]["output_csv"])
    return Response(status_code=204)
