"""
A warm pool of child processes that read what nobody trusts, and can do nothing else.

    supervisor ── start_pool ──▶ server ── fork ──▶ child, child, …      (processes)
    any process ── DecoderPool.run ──▶ socket ──▶ server ──▶ an idle child ──▶ answer

The server starts before any key is loaded, with an empty environment. It imports the handler once, keeps
children forked from itself, and passes each connection to an idle one; it never reads what a client
sends. A child that crashes, hangs or grows is killed and replaced; its client is told why.

Home go a JSON object and, where the job asked for it, a few hundred kilobytes of its own form: fingerprints,
and miniatures of a picture (`takeback.media.miniatures`). The picture itself never does.
"""

from takeback.media.sandbox.client import DecoderPool
from takeback.media.sandbox.confinement import SandboxState
from takeback.media.sandbox.process import PoolProcess, sandbox_state, start_pool, temporary_pool
from takeback.media.sandbox.wire import Answer

__all__ = ["Answer", "DecoderPool", "PoolProcess", "SandboxState", "sandbox_state", "start_pool", "temporary_pool"]
