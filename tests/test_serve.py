"""The MCP server as a real process, spoken to by the reference client."""

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def parameters(seeds_assistant):
    from mcp import StdioServerParameters

    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "rag.cli", "serve", "--index", str(seeds_assistant.settings.index)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=str(ROOT),
    )


async def test_tools_answer_search_and_list(parameters):
    from mcp import ClientSession
    from mcp.client.stdio import stdio_client

    async with stdio_client(parameters) as (reading, writing), ClientSession(reading, writing) as session:
        await session.initialize()
        assert {tool.name for tool in (await session.list_tools()).tools} == {"ask", "search", "documents"}

        answered = json.loads((await session.call_tool("ask", {"question": "量子院位于哪里？"})).content[0].text)
        assert answered["short"] == "中关村软件园"
        assert "量子院位于中关村软件园" in answered["citations"][0]["quote"]
        assert "hits" not in answered

        refused = json.loads((await session.call_tool("ask", {"question": "红烧肉怎么做？"})).content[0].text)
        assert refused["refused"] is True
        assert "红烧肉" in refused["reason"]

        found = await session.call_tool("search", {"question": "怀柔科学城的住房", "k": 2})
        assert len(found.content) == 2
        narrow = {"question": "怀柔科学城的住房", "k": 2, "sources": ["000*"], "since": "2022", "until": "2022"}
        found = await session.call_tool("search", narrow)
        assert [json.loads(hit.text)["passage"]["date"] for hit in found.content] == ["2022-06-13"] * 2
        asked = {"question": "量子院位于哪里？", "until": "2020"}
        refused = json.loads((await session.call_tool("ask", asked)).content[0].text)
        assert refused["reason"].startswith("没有文档符合筛选条件：日期到 2020-12-31 为止")
        listed = await session.call_tool("documents", {})
        assert len(listed.content) == 2

        empty = await session.call_tool("ask", {"question": "  "})
        assert empty.isError
        assert "question is empty" in empty.content[0].text
