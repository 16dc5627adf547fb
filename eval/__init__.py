"""Grounding evals: are the answers right, does every sentence carry its proof, and is the rest refused?"""
